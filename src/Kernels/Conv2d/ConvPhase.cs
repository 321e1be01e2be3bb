namespace Sagan.Native.Kernels;

/// <summary>
/// One axis of one phase of a transposed convolution: the outputs h = a + Stride m, m = 0 .. Count-1. Of the kernel rows u those with u
/// = a + Padding mod Stride reach them; going through these from the largest down, tap t = 0 .. Taps-1 reads input row m + Origin + t
/// with kernel row Last - Stride t.
/// So a phase is an ordinary convolution of stride 1 with a Taps-long kernel, and no product with an inserted zero is ever formed.
/// </summary>
readonly struct ConvPhase
{
    public readonly int Start, Count, Taps, Origin, Last;

    public ConvPhase(int a, int size, int kernel, int stride, int padding)
    {
        Start = a;
        Count = (size - a + stride - 1) / stride;
        int u0 = (a + padding) % stride;
        Taps = u0 < kernel ? (kernel - u0 + stride - 1) / stride : 0;
        Last = u0 + (Taps - 1) * stride;
        Origin = (a + padding - u0) / stride - (Taps - 1);
    }
}
