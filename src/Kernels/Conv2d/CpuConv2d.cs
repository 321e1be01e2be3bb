namespace Sagan.Native.Kernels;

// y[n,i,j,o] = act(bias[o] + scale sum over u,v,c of x[n, i stride + u - padding, j stride + v - padding, c] w[o,u,v,c])
//   = the product of windows [N OutH OutW, Kh Kw Ci] with w^T; a window row is Kw Ci contiguous floats of x, so packing it is a copy for
//   any stride.
// dw[o,u,v,c] = sum over n,i,j of dy[n,i,j,o] x[n, i stride + u - padding, j stride + v - padding, c]
//   = dy^T times windows; the sum over pixels is long, and cut into parts of fixed sizes where dw is small.
// Images of at most 4 channels have kernels of their own: FewChannelConv2d, FewChannelWeightGrad. Kernels of 4x4 with stride 2 and of 3x3
// with stride 1 are done with fewer multiplications, unless that is not wanted: WinogradConv2d.
// 2 N OutH OutW Co Kh Kw Ci flops each. Tiles, numerics and timings: Gemm.cs.
static unsafe class CpuConv2d
{
    public static void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s, ConvolutionAlgorithm algorithm) =>
        Conv2dBias(x, w, null, null, y, s, Activation.None, algorithm);

    public static void Conv2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act,
        ConvolutionAlgorithm algorithm)
    {
        if (s.IsMatMul(out int rows, out int inputs, out int outputs))
        {
            CpuMatMul.MatMulBias(x, w, scale, bias, y, new MatMulSpec(1, rows, outputs, inputs, false, true, 0, 0), act);
            return;
        }
        if (FewChannelConv2d.Suits(s))
        {
            Simd.Run(new FewChannelConv2d(x.Pointer(), w.Pointer(), CpuMatMul.Scale(scale), bias == null ? null : bias.Pointer(),
                y.Pointer(), s, act));
            return;
        }
        if (algorithm == ConvolutionAlgorithm.Auto && WinogradConv2d.Suits(s))
        {
            WinogradConv2d.Conv2d(x.Pointer(), w.Pointer(), CpuMatMul.Scale(scale), bias == null ? null : bias.Pointer(), y.Pointer(), s,
                act);
            return;
        }
        int k = s.Kh * s.Kw * s.Ci;
        Gemm.Run(s.N * s.OutH * s.OutW, s.Co, k, new WindowRowOperand(Windows.Of(x.Pointer(), s)), new TransposedOperand(w.Pointer(), k),
            new Epilogue<MatrixRows>(new(y.Pointer(), s.Co), bias == null ? null : bias.Pointer(), act, CpuMatMul.Scale(scale)));
    }

    public static void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s, ConvolutionAlgorithm algorithm)
    {
        if (s.IsMatMul(out int rows, out int inputs, out int outputs))
        {
            CpuMatMul.MatMulBias(dy, x, null, null, dw, new MatMulSpec(1, outputs, inputs, rows, true, false, 0, 0), Activation.None);
            return;
        }
        if (FewChannelWeightGrad.Suits(s))
        {
            Simd.Run(new FewChannelWeightGrad(x.Pointer(), dy.Pointer(), dw.Pointer(), s));
            return;
        }
        if (algorithm == ConvolutionAlgorithm.Auto && WinogradConv2d.SuitsWeightGrad(s))
        {
            WinogradConv2d.Conv2dWeightGrad(x.Pointer(), dy.Pointer(), dw.Pointer(), s);
            return;
        }
        int n = s.Kh * s.Kw * s.Ci;
        Gemm.Run(s.Co, n, s.N * s.OutH * s.OutW, new ColumnOperand(dy.Pointer(), s.Co), new WindowColumnOperand(Windows.Of(x.Pointer(), s)),
            new Epilogue<MatrixRows>(new(dw.Pointer(), n), null, Activation.None));
    }
}
