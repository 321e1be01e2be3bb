namespace Sagan.Native.Kernels;

/// <summary>
/// x [Rows, Channels]; every channel has its own statistics. With d = 1 + |mean| for channels of deviation about 1: |error| at most 1e-6 d
/// max(1, |.|) for mean and variance, 2e-6 d (1 + |y|) for y, and 1e-6 d relative to the sum of the absolute terms for a gradient. A
/// channel of equal numbers has exactly them for its mean and variance 0 (on a GPU where their sums are finite floats); one with an
/// infinity has an infinite mean and no variance (NaN), and so has none of 0 rows.
/// </summary>
readonly record struct BatchNormSpec(int Rows, int Channels, float Epsilon, Activation Activation);
