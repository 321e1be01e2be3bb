namespace Sagan.Native.Kernels;

// The three convolution products. One window that is the whole image, and 1x1 windows, are products of plain matrices.
public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s) => Conv2dBias(x, w, null, null, y, s, Activation.None);

    /// <inheritdoc/>
    public void Conv2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act)
    {
        if (CpuBackend.ConvAsMatMul(s, out int rows, out int inputs, out int outputs))
        {
            MatMulBias(x, w, scale, bias, y, new MatMulSpec(1, rows, outputs, inputs, false, true, 0, 0), act);
            return;
        }
        GpuWindow window = new(s);
        int m = window.PixelCount, k = window.TapCount;
        Product(new(1, m, s.Co, k), new GpuFactor<GpuWindowRowOperand>(x, new(window), IsFours(s.Ci)),
            new GpuFactor<GpuRowOperand>(w, new(0, k, s.Co, k), IsFours(k)),
            new GpuResult<GpuMatrixPlaces>(y, new(0, s.Co, m), IsFours(s.Co), scale, bias, act));
    }

    /// <inheritdoc/>
    public override void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s)
    {
        if (CpuBackend.ConvAsMatMul(s, out int rows, out int inputs, out int outputs))
        {
            MatMul(dy, x, dw, new MatMulSpec(1, outputs, inputs, rows, true, false, 0, 0));
            return;
        }
        GpuWindow window = new(s);
        int m = window.PixelCount, k = window.TapCount;
        Product(new(1, s.Co, k, m), new GpuFactor<GpuColumnOperand>(dy, new(0, s.Co, s.Co, m), IsFours(s.Co)),
            new GpuFactor<GpuWindowColumnOperand>(x, new(window), IsFours(s.Ci)),
            new GpuResult<GpuMatrixPlaces>(dw, new(0, k, s.Co), IsFours(k), null, null, Activation.None));
    }

    /// <inheritdoc/>
    public override void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s) => ConvTranspose2dBias(dy, w, null, null, dx, s, Activation.None);

    /// <inheritdoc/>
    public void ConvTranspose2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act)
    {
        if (CpuBackend.ConvAsMatMul(s, out int rows, out int inputs, out int outputs))
        {
            // x [rows, Co] times w [Co, pixels, Ci]: a product for each pixel of the window, so that the bias lies along the columns.
            int pixels = s.Ci == 0 ? 0 : inputs / s.Ci;
            Product(new(pixels, rows, s.Ci, outputs), new GpuFactor<GpuRowOperand>(x, new(0, outputs, rows, outputs), IsFours(outputs)),
                new GpuFactor<GpuColumnOperand>(w, new(s.Ci, inputs, s.Ci, outputs), IsFours(s.Ci)),
                new GpuResult<GpuMatrixPlaces>(y, new(s.Ci, inputs, rows), IsFours(s.Ci), scale, bias, act));
            return;
        }
        GpuPhases phases = new(s);
        Product(new(s.Stride * s.Stride, phases.PixelCount, s.Ci, phases.TapCount),
            new GpuFactor<GpuPhaseRowOperand>(x, new(phases), IsFours(s.Co)), new GpuFactor<GpuPhaseWeightOperand>(w, new(phases), IsFours(s.Ci)),
            new GpuResult<GpuPhasePlaces>(y, new(phases), IsFours(s.Ci), scale, bias, act));
    }
}
