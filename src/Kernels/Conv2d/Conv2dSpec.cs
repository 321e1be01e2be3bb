namespace Sagan.Native.Kernels;

/// <summary>
/// x [N,H,W,Ci], w [Co,Kh,Kw,Ci], y [N,OutH,OutW,Co]; OutH = floor((H + 2 Padding - Kh) / Stride) + 1. The same spec serves the three
/// convolution primitives.
/// 2 N OutH OutW Co Kh Kw Ci flops. |error| at most 3e-7 * sqrt(terms) relative to the sum of the absolute terms, terms = Kh Kw Ci, Kh Kw
/// Co or N OutH OutW. Where Winograd's products are used, relative to the largest such sum of a tile of outputs, at most 3x3 of them, or,
/// for the weights, of the kernel of an output and an input channel; what is NaN or infinite makes all of these NaN or infinite.
/// </summary>
readonly record struct Conv2dSpec(int N, int H, int W, int Ci, int Co, int Kh, int Kw, int Stride, int Padding, int OutH, int OutW)
{
    /// <summary>2 N OutH OutW Co Kh Kw Ci.</summary>
    public double Flops => 2.0 * N * OutH * OutW * Co * Kh * Kw * Ci;

    /// <summary>
    /// Two kinds of convolution are a matrix product y [rows,outputs] = x [rows,inputs] w [outputs,inputs]^T on the tensors as they lie:
    /// 1x1 windows over every pixel, and one window that is the whole image.
    /// </summary>
    internal bool IsMatMul(out int rows, out int inputs, out int outputs)
    {
        outputs = Co;
        bool pixels = Kh == 1 && Kw == 1 && Stride == 1 && Padding == 0;
        rows = pixels ? N * H * W : N;
        inputs = pixels ? Ci : H * W * Ci;
        return pixels || (Kh == H && Kw == W && Padding == 0);
    }
}
