namespace Sagan.Native.Kernels;

/// <summary>Which convolutions are done by <see cref="WinogradConv"/>, and how they are put.</summary>
static unsafe class WinogradConv2d
{
    // Fewer channels than a vector has lanes are better multiplied as they are.
    const int MinChannels = 16;

    static int Taps(in Conv2dSpec s) => s.Kh != s.Kw ? 0 : s.Kh == 4 && s.Stride == 2 ? 2 : s.Kh == 3 && s.Stride == 1 ? 3 : 0;

    static bool Suits(in Conv2dSpec s, int height, int width) =>
        Taps(s) is > 0 and int taps && s.Ci >= MinChannels && s.Co >= MinChannels && WinogradAxis.Suits(height, taps)
        && WinogradAxis.Suits(width, taps);

    public static bool Suits(in Conv2dSpec s) => Suits(s, s.OutH, s.OutW);

    /// <summary>Whether the transposed convolution, by phases, suits.</summary>
    public static bool SuitsTransposed(in Conv2dSpec s) => Suits(s, s.H / s.Stride, s.W / s.Stride);

    public static void Conv2d(float* x, float* w, float scale, float* bias, float* y, in Conv2dSpec s, Activation act)
    {
        int taps = Taps(s);
        long row = (long)s.OutW * s.Co;
        Simd.Run(new WinogradConv(
            new WinogradPixels(x, s.H, s.W, s.Ci, s.Stride, -s.Padding, -s.Padding, s.Stride),
            new WinogradWeights(w, s, taps, 0, 0, s.Stride, s.Stride, false),
            new WinogradImages(y, s.OutH * row, row, s.Co), new WinogradOutput(row, s.Co, bias, scale, act),
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
            new WinogradImages(dx + y.Start * row + x.Start * s.Ci, s.H * row, s.Stride * row, s.Stride * s.Ci),
            new WinogradOutput(s.Stride * row, s.Stride * s.Ci, bias, scale, act),
            new WinogradAxis(y.Count, taps), new WinogradAxis(x.Count, taps), s.N));
    }
}
