namespace Sagan.Native.Kernels;

/// <summary>
/// Kernels in C# that ILGPU compiles to CUDA or OpenCL. Each is a static class in the folder of its name, which launches what
/// Gpu*Kernels.cs beside it runs on the device. Everything is enqueued on one stream and nothing waits.
/// </summary>
sealed class GpuBackend : Backend, IFusedAttention, IFusedBatchNorm, IFusedBias, IFusedResidual, IFusedSpectralNorm, IFusedAdam,
    ITensorCores
{
    readonly GpuContext gpu;
    readonly GpuProfiling profiling;

    internal GpuBackend(GpuQueue queue, GpuPool pool) => profiling = new GpuProfiling(gpu = new GpuContext(queue, pool));

    /// <summary>The device, and how its kernels are launched.</summary>
    internal GpuContext Context => gpu;

    /// <inheritdoc/>
    public MatMulPrecision MatMulPrecision { get => gpu.MatMulPrecision; set => gpu.MatMulPrecision = value; }

    bool ITensorCores.TensorCoresForAllProducts { get => gpu.TensorCoresForAllProducts; set => gpu.TensorCoresForAllProducts = value; }

    bool ITensorCores.HasTensorCores => gpu.Queue.HasTensorCores;

    internal override IProfiling Profiling => profiling;

    // Elementwise

    /// <inheritdoc/>
    public override void Fill(Storage y, int n, float value) => GpuElementwise.Fill(gpu, y, n, value);

    /// <inheritdoc/>
    public override void Copy(Storage x, Storage y, int n) => GpuElementwise.Copy(gpu, x, y, n);

    /// <inheritdoc/>
    public override void Map<TOp>(Storage x, Storage y, int n, TOp f) => GpuElementwise.Map(gpu, x, y, n, f);

    /// <inheritdoc/>
    public override void Zip<TOp>(Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f) => GpuZip.Zip(gpu, a, b, y, s, f);

    // Shape

    /// <inheritdoc/>
    public override void BroadcastTo(Storage x, Storage y, in BroadcastSpec s) => GpuZip.BroadcastTo(gpu, x, y, s);

    /// <inheritdoc/>
    public override void Sum(Storage x, Storage y, in ReduceSpec s) => GpuSum.Sum(gpu, x, y, s);

    /// <inheritdoc/>
    public override void Permute(Storage x, Storage y, in PermuteSpec s) => GpuPermute.Permute(gpu, x, y, s);

    /// <inheritdoc/>
    public override void Slice(Storage x, Storage y, in SliceSpec s) => GpuSlice.Slice(gpu, x, y, s);

    /// <inheritdoc/>
    public override void Pad(Storage x, Storage y, in SliceSpec s) => GpuSlice.Pad(gpu, x, y, s);

    /// <inheritdoc/>
    public override void CopyInto(Storage x, Storage y, in SliceSpec s) => GpuSlice.CopyInto(gpu, x, y, s);

    // Products

    /// <inheritdoc/>
    public override void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s) => GpuMatMul.MatMul(gpu, a, b, y, s);

    /// <inheritdoc/>
    public override void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s) => GpuConv2d.Conv2d(gpu, x, w, y, s);

    /// <inheritdoc/>
    public override void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s) =>
        GpuConv2d.Conv2dInputGrad(gpu, dy, w, dx, s);

    /// <inheritdoc/>
    public override void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s) =>
        GpuConv2d.Conv2dWeightGrad(gpu, x, dy, dw, s);

    /// <inheritdoc/>
    public override void Softmax(Storage x, Storage y, int rows, int columns) => GpuSoftmax.Softmax(gpu, x, y, rows, columns);

    /// <inheritdoc/>
    public override void TopKMask(Storage x, Storage y, int rows, int columns, int k) => GpuTopK.TopKMask(gpu, x, y, rows, columns, k);

    // Resampling, pooling, gathering

    /// <inheritdoc/>
    public override void Upsample2x(Storage x, Storage y, in ImageSpec s) => GpuResample.Upsample2x(gpu, x, y, s);

    /// <inheritdoc/>
    public override void SumPool2x2(Storage x, Storage y, in ImageSpec s) => GpuResample.SumPool2x2(gpu, x, y, s);

    /// <inheritdoc/>
    public override void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s) => GpuMaxPool2d.MaxPool2d(gpu, x, y, index, s);

    /// <inheritdoc/>
    public override void Gather(Storage x, Storage index, Storage y, in GatherSpec s) => GpuGather.Gather(gpu, x, index, y, s);

    /// <inheritdoc/>
    public override void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s) => GpuGather.ScatterAdd(gpu, y, index, x, s);

    // Random numbers

    /// <inheritdoc/>
    public override void RandomUniform(Storage y, int n, in PhiloxKey key) => GpuRandom.RandomUniform(gpu, y, n, key);

    /// <inheritdoc/>
    public override void RandomNormal(Storage y, int n, in PhiloxKey key) => GpuRandom.RandomNormal(gpu, y, n, key);

    // Fused attention

    /// <inheritdoc/>
    public void Attention(Storage q, Storage k, Storage v, Storage o, Storage rows, in AttentionSpec s) =>
        GpuAttention.Attention(gpu, q, k, v, o, rows, s);

    /// <inheritdoc/>
    public void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage rows, Storage g, Storage dq, Storage dk,
        Storage dv, in AttentionSpec s) =>
        GpuAttention.AttentionBackward(gpu, q, k, v, o, rows, g, dq, dk, dv, s);

    // Fused batch normalisation

    /// <inheritdoc/>
    public void BatchNorm(Storage x, Storage weight, Storage bias, Storage y, Storage mean, Storage variance, in BatchNormSpec s) =>
        GpuBatchNorm.BatchNorm(gpu, x, weight, bias, y, mean, variance, s);

    /// <inheritdoc/>
    public void BatchNormInference(Storage x, Storage weight, Storage bias, Storage mean, Storage variance, Storage y,
        in BatchNormSpec s) =>
        GpuBatchNorm.BatchNormInference(gpu, x, weight, bias, mean, variance, y, s);

    /// <inheritdoc/>
    public void BatchNormBackward(Storage g, Storage x, Storage y, Storage weight, Storage mean, Storage variance, Storage dx,
        Storage dweight, Storage dbias, in BatchNormSpec s) =>
        GpuBatchNorm.BatchNormBackward(gpu, g, x, y, weight, mean, variance, dx, dweight, dbias, s);

    // Products with bias and activation

    /// <inheritdoc/>
    public void MatMulBias(Storage a, Storage b, Storage? scale, Storage? bias, Storage y, in MatMulSpec s, Activation act) =>
        GpuMatMul.MatMulBias(gpu, a, b, scale, bias, y, s, act);

    /// <inheritdoc/>
    public void Conv2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act) =>
        GpuConv2d.Conv2dBias(gpu, x, w, scale, bias, y, s, act);

    /// <inheritdoc/>
    public void ConvTranspose2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act) =>
        GpuConv2d.ConvTranspose2dBias(gpu, x, w, scale, bias, y, s, act);

    /// <inheritdoc/>
    public void BiasActivationBackward(Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns, Activation act) =>
        GpuBiasActivation.BiasActivationBackward(gpu, g, y, dz, dbias, rows, columns, act);

    // Residual

    /// <inheritdoc/>
    public void Residual(Storage x, Storage o, Storage gamma, Storage y, int n) => GpuResidual.Residual(gpu, x, o, gamma, y, n);

    /// <inheritdoc/>
    public void ResidualBackward(Storage g, Storage o, Storage gamma, Storage dO, Storage dgamma, int n) =>
        GpuResidual.ResidualBackward(gpu, g, o, gamma, dO, dgamma, n);

    // Spectral normalisation

    /// <inheritdoc/>
    public void PowerIteration(Storage w, Storage u, Storage v, Storage uOut, Storage vOut, Storage sigma, in PowerIterationSpec s) =>
        GpuSpectralNorm.PowerIteration(gpu, w, u, v, uOut, vOut, sigma, s);

    /// <inheritdoc/>
    public void SpectralNormBackward(Storage g, Storage w, Storage u, Storage v, Storage sigma, Storage dw, in PowerIterationSpec s) =>
        GpuSpectralNorm.SpectralNormBackward(gpu, g, w, u, v, sigma, dw, s);

    // Adam

    /// <inheritdoc/>
    public void Adam(ReadOnlySpan<AdamSlot> threadBlock, in AdamSpec s) => GpuAdam.Adam(gpu, threadBlock, s);
}
