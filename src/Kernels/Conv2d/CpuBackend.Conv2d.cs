namespace Sagan.Native.Kernels;

// y[n,i,j,o] = act(bias[o] + scale sum over u,v,c of x[n, i stride + u - padding, j stride + v - padding, c] w[o,u,v,c])
//   = the product of windows [N OutH OutW, Kh Kw Ci] with w^T; a window row is Kw Ci contiguous floats of x, so packing it is a copy for any stride.
// dw[o,u,v,c] = sum over n,i,j of dy[n,i,j,o] x[n, i stride + u - padding, j stride + v - padding, c]
//   = dy^T times windows; the sum over pixels is long, and cut into parts of fixed sizes where dw is small.
// Images of at most 4 channels have kernels of their own: FewChannelConv2d, FewChannelWeightGrad.
// 2 N OutH OutW Co Kh Kw Ci flops each. Tiles, numerics and timings: Gemm.cs.
public sealed unsafe partial class CpuBackend
{
    public override void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s) => Conv2d(x, w, null, null, y, s, Activation.None);

    public void Conv2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act) =>
        Conv2d(x, w, scale, bias, y, s, act);

    static void Conv2d(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act)
    {
        if (ConvAsMatMul(s, out int rows, out int inputs, out int outputs))
        {
            MatMul(x, w, scale, bias, y, new MatMulSpec(1, rows, outputs, inputs, false, true, 0, 0), act);
            return;
        }
        if (FewChannelConv2d.Suits(s))
        {
            Simd.Run(new FewChannelConv2d(Floats(x), Floats(w), Scale(scale), bias == null ? null : Floats(bias), Floats(y), s, act));
            return;
        }
        int k = s.Kh * s.Kw * s.Ci;
        Gemm.Run(s.N * s.OutH * s.OutW, s.Co, k, new WindowRowOperand(Windows.Of(Floats(x), s)), new TransposedOperand(Floats(w), k),
            new Epilogue<MatrixRows>(new(Floats(y), s.Co), bias == null ? null : Floats(bias), act, Scale(scale)));
    }

    public override void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s)
    {
        if (ConvAsMatMul(s, out int rows, out int inputs, out int outputs))
        {
            MatMul(dy, x, null, null, dw, new MatMulSpec(1, outputs, inputs, rows, true, false, 0, 0), Activation.None);
            return;
        }
        if (FewChannelWeightGrad.Suits(s))
        {
            Simd.Run(new FewChannelWeightGrad(Floats(x), Floats(dy), Floats(dw), s));
            return;
        }
        int n = s.Kh * s.Kw * s.Ci;
        Gemm.Run(s.Co, n, s.N * s.OutH * s.OutW, new ColumnOperand(Floats(dy), s.Co), new WindowColumnOperand(Windows.Of(Floats(x), s)),
            new Epilogue<MatrixRows>(new(Floats(dw), n), null, Activation.None));
    }

    /// <summary>
    /// Two kinds of convolution are a matrix product y [rows,outputs] = x [rows,inputs] w [outputs,inputs]^T on the tensors as they lie: 1x1 windows over
    /// every pixel, and one window that is the whole image.
    /// </summary>
    internal static bool ConvAsMatMul(in Conv2dSpec s, out int rows, out int inputs, out int outputs)
    {
        outputs = s.Co;
        bool pixels = s.Kh == 1 && s.Kw == 1 && s.Stride == 1 && s.Padding == 0;
        rows = pixels ? s.N * s.H * s.W : s.N;
        inputs = pixels ? s.Ci : s.H * s.W * s.Ci;
        return pixels || (s.Kh == s.H && s.Kw == s.W && s.Padding == 0);
    }
}
