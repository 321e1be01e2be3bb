namespace Sagan.Native.Kernels;

/// <summary>
/// Which convolutions are done by <see cref="WinogradConv"/> and <see cref="WinogradWeightGrad"/>, and how they are put: kernels of 4x4
/// with stride 2 as four of 2x2 with stride 1, one for each phase of the input (or of the output, where they are transposed); 3x3 with
/// stride 1 as they are.
/// <para>
/// From 16 channels and 16 outputs of an image on, in whichever batch, and for the gradient of the weights from 256 outputs of a batch
/// on: below, making U or storing M takes longer than what is saved. Direct time over Winograd's, geometric mean of all combinations of
/// channels from 16 to 512, one thread of an AMD EPYC (Zen 4):
/// </para>
/// <code>
/// outputs of a batch     4x4, stride 2: y    dx    dw      3x3, stride 1: y    dx    dw
///   32                              1.0   0.9   0.7                  1.2   1.1   0.6
///   64                              1.2   1.0   0.9                  1.4   1.4   0.9
///  128                              1.5   1.3   1.1                  1.6   1.6   1.1
///  256                              1.5   1.4   1.3                  1.7   1.7   1.4
/// 1024                              1.5   1.5   1.6                  1.7   1.8   1.6
/// 4096                              1.5   1.4   1.6                  1.6   1.7   1.4
/// </code>
/// </summary>
static unsafe class WinogradConv2d
{
    const int MinChannels = 16, MinOutputs = 16, MinOutputsOfWeightGrad = 256;

    /// <summary>Taps along an axis of the convolutions of stride 1 that a convolution is put as; 0 where it is none of these.</summary>
    internal static int Taps(in Conv2dSpec s) => s.Kh != s.Kw ? 0 : s.Kh == 4 && s.Stride == 2 ? 2 : s.Kh == 3 && s.Stride == 1 ? 3 : 0;

    static bool Suits(in Conv2dSpec s, int height, int width) =>
        Taps(s) is > 0 and int taps && Math.Min(s.Ci, s.Co) >= MinChannels && height * width >= MinOutputs
        && WinogradAxis.Suits(height, taps) && WinogradAxis.Suits(width, taps);

    public static bool Suits(in Conv2dSpec s) => Suits(s, s.OutH, s.OutW);

    /// <summary>Whether the transposed convolution, by phases, suits.</summary>
    public static bool SuitsTransposed(in Conv2dSpec s) => Suits(s, s.H / s.Stride, s.W / s.Stride);

    public static bool SuitsWeightGrad(in Conv2dSpec s) => Suits(s) && (long)s.N * s.OutH * s.OutW >= MinOutputsOfWeightGrad;

    public static void Conv2d(float* x, float* w, float scale, float* bias, float* y, in Conv2dSpec s, Activation act)
    {
        int taps = Taps(s);
        long row = (long)s.OutW * s.Co;
        Simd.Run(new WinogradConv(
            new WinogradPixels(x, s.H, s.W, s.Ci, s.Stride, -s.Padding, -s.Padding, s.Stride),
            new WinogradWeights(w, s, taps, 0, 0, s.Stride, s.Stride, false),
            y, s.OutH * row, new WinogradOutput(row, s.Co, bias, scale, act),
            new WinogradAxis(s.OutH, taps), new WinogradAxis(s.OutW, taps), s.N));
    }

    public static void Conv2dWeightGrad(float* x, float* dy, float* dw, in Conv2dSpec s) =>
        Simd.Run(new WinogradWeightGrad(new WinogradPixels(x, s.H, s.W, s.Ci, s.Stride, -s.Padding, -s.Padding, s.Stride), dy,
            new WinogradWeights(null, s, Taps(s), 0, 0, s.Stride, s.Stride, false), dw, s));

    /// <summary>One phase of a transposed convolution: it is a convolution of stride 1 over dy.</summary>
    public static void Phase(float* dy, float* w, float scale, float* bias, float* dx, in Conv2dSpec s, Activation act, in ConvPhase y,
        in ConvPhase x)
    {
        int taps = Taps(s);
        long row = (long)s.W * s.Ci;
        Simd.Run(new WinogradConv(
            new WinogradPixels(dy, s.OutH, s.OutW, s.Co, 1, y.Origin, x.Origin, 1),
            new WinogradWeights(w, s, taps, y.Last, x.Last, -s.Stride, 1, true),
            dx + y.Start * row + x.Start * s.Ci, s.H * row,
            new WinogradOutput(s.Stride * row, s.Stride * s.Ci, bias, scale, act),
            new WinogradAxis(y.Count, taps), new WinogradAxis(x.Count, taps), s.N));
    }
}
