namespace Sagan.Native.Kernels;

// The three convolution products. One window that is the whole image, and 1x1 windows, are products of plain matrices.
static class GpuConv2d
{
    /// <inheritdoc cref="Backend.Conv2d"/>
    public static void Conv2d(GpuContext gpu, Storage x, Storage w, Storage y, in Conv2dSpec s) =>
        Conv2dBias(gpu, x, w, null, null, y, s, Activation.None);

    /// <inheritdoc cref="IFusedBias.Conv2dBias"/>
    public static void Conv2dBias(GpuContext gpu, Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s,
        Activation act)
    {
        if (s.IsMatMul(out int rows, out int inputs, out int outputs))
        {
            GpuMatMul.MatMulBias(gpu, x, w, scale, bias, y, new MatMulSpec(1, rows, outputs, inputs, false, true, 0, 0), act);
            return;
        }
        GpuWindow window = new(s);
        int m = window.PixelCount, k = window.TapCount;
        GpuGemm.Run(gpu, new(1, m, s.Co, k), new GpuFactor<GpuWindowRowOperand>(x, new(window), GpuGemm.IsVec4(s.Ci)),
            new GpuFactor<GpuRowOperand>(w, new(0, k, s.Co, k), GpuGemm.IsVec4(k)),
            new GpuResult<GpuMatrixLayout>(y, new(0, s.Co, m), GpuGemm.IsVec4(s.Co), scale, bias, act));
    }

    /// <inheritdoc cref="Backend.Conv2dWeightGrad"/>
    public static void Conv2dWeightGrad(GpuContext gpu, Storage x, Storage dy, Storage dw, in Conv2dSpec s)
    {
        if (s.IsMatMul(out int rows, out int inputs, out int outputs))
        {
            GpuMatMul.MatMul(gpu, dy, x, dw, new MatMulSpec(1, outputs, inputs, rows, true, false, 0, 0));
            return;
        }
        GpuWindow window = new(s);
        int m = window.PixelCount, k = window.TapCount;
        GpuGemm.Run(gpu, new(1, s.Co, k, m), new GpuFactor<GpuColumnOperand>(dy, new(0, s.Co, s.Co, m), GpuGemm.IsVec4(s.Co)),
            new GpuFactor<GpuWindowColumnOperand>(x, new(window), GpuGemm.IsVec4(s.Ci)),
            new GpuResult<GpuMatrixLayout>(dw, new(0, k, s.Co), GpuGemm.IsVec4(k), null, null, Activation.None));
    }

    /// <inheritdoc cref="Backend.Conv2dInputGrad"/>
    public static void Conv2dInputGrad(GpuContext gpu, Storage dy, Storage w, Storage dx, in Conv2dSpec s) =>
        ConvTranspose2dBias(gpu, dy, w, null, null, dx, s, Activation.None);

    /// <inheritdoc cref="IFusedBias.ConvTranspose2dBias"/>
    public static void ConvTranspose2dBias(GpuContext gpu, Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s,
        Activation act)
    {
        if (s.IsMatMul(out int rows, out int inputs, out int outputs))
        {
            // x [rows, Co] times w [Co, pixels, Ci]: a product for each pixel of the window, so that the bias lies along the columns.
            int pixels = s.Ci == 0 ? 0 : inputs / s.Ci;
            GpuGemm.Run(gpu, new(pixels, rows, s.Ci, outputs),
                new GpuFactor<GpuRowOperand>(x, new(0, outputs, rows, outputs), GpuGemm.IsVec4(outputs)),
                new GpuFactor<GpuColumnOperand>(w, new(s.Ci, inputs, s.Ci, outputs), GpuGemm.IsVec4(s.Ci)),
                new GpuResult<GpuMatrixLayout>(y, new(s.Ci, inputs, rows), GpuGemm.IsVec4(s.Ci), scale, bias, act));
            return;
        }
        GpuPhases phases = new(s);
        GpuGemm.Run(gpu, new(s.Stride * s.Stride, phases.PixelCount, s.Ci, phases.TapCount),
            new GpuFactor<GpuPhaseRowOperand>(x, new(phases), GpuGemm.IsVec4(s.Co)),
            new GpuFactor<GpuPhaseWeightOperand>(w, new(phases), GpuGemm.IsVec4(s.Ci)),
            new GpuResult<GpuPhaseLayout>(y, new(phases), GpuGemm.IsVec4(s.Ci), scale, bias, act));
    }
}
