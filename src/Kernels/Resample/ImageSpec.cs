namespace Sagan.Native.Kernels;

/// <summary>The N, H, W, C of an image batch. |error| of a sum at most 1e-6 relative to the sum of the absolute terms.</summary>
readonly record struct ImageSpec(int N, int H, int W, int C);
