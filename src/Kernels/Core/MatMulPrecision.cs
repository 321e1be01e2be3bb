namespace Sagan.Native.Kernels;

/// <summary>
/// How exactly a device may multiply the elements of matrix products and convolutions, with PyTorch's meaning
/// (torch.set_float32_matmul_precision). Sums are float32 in each; what is stored is float32.
/// </summary>
public enum MatMulPrecision
{
    /// <summary>float32.</summary>
    Highest,

    /// <summary>Tensor cores may round factors to TF32, 10 bits behind the point: |error| of a product at most 2^-10 |a| |b|.</summary>
    High,

    /// <summary>Tensor cores may round factors to BF16, 7 bits behind the point: |error| of a product at most 2^-7 |a| |b|.</summary>
    Medium,
}

/// <summary>A backend whose products may round their factors.</summary>
interface ITensorCores
{
    /// <summary>What products may round their factors to.</summary>
    MatMulPrecision MatMulPrecision { get; set; }

    /// <summary>Whether thin products, which are no faster with it, are computed with that precision too: for checks.</summary>
    bool TensorCoresForAllProducts { get; set; }

    /// <summary>Whether anything but <see cref="MatMulPrecision.Highest"/> is possible.</summary>
    bool HasTensorCores { get; }
}
