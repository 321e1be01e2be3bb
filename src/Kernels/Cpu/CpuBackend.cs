namespace Sagan.Native.Kernels;

/// <summary>
/// SIMD kernels in C# on the host's cores, with vectors of 512, 256 or 128 bits, whichever the processor has. Each kernel is a static class
/// in the folder of its name; what they share is in Cpu: the worker pool, scratch memory, vectors of every width (Simd), and the matrix
/// product under all products (Gemm).
/// </summary>
sealed class CpuBackend : Backend, IFusedAttention, IFusedBatchNorm, IFusedBias, IFusedResidual, IFusedSpectralNorm, IFusedAdam,
    IConvolutionAlgorithms
{
    /// <inheritdoc/>
    public ConvolutionAlgorithm Convolution { get; set; }

    // Elementwise

    /// <inheritdoc/>
    public override void Fill(Storage y, int n, float value) => CpuElementwise.Fill(y, n, value);

    /// <inheritdoc/>
    public override void Copy(Storage x, Storage y, int n) => CpuElementwise.Copy(x, y, n);

    /// <inheritdoc/>
    public override void Map<TOp>(Storage x, Storage y, int n, TOp f) => CpuElementwise.Map(x, y, n, f);

    /// <inheritdoc/>
    public override void Zip<TOp>(Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f) => CpuZip.Zip(a, b, y, s, f);

    // Shape

    /// <inheritdoc/>
    public override void BroadcastTo(Storage x, Storage y, in BroadcastSpec s) => CpuZip.BroadcastTo(x, y, s);

    /// <inheritdoc/>
    public override void Sum(Storage x, Storage y, in ReduceSpec s) => CpuSum.Sum(x, y, s);

    /// <inheritdoc/>
    public override void Permute(Storage x, Storage y, in PermuteSpec s) => CpuPermute.Permute(x, y, s);

    /// <inheritdoc/>
    public override void Slice(Storage x, Storage y, in SliceSpec s) => CpuSlice.Slice(x, y, s);

    /// <inheritdoc/>
    public override void Pad(Storage x, Storage y, in SliceSpec s) => CpuSlice.Pad(x, y, s);

    /// <inheritdoc/>
    public override void CopyInto(Storage x, Storage y, in SliceSpec s) => CpuSlice.CopyInto(x, y, s);

    // Products

    /// <inheritdoc/>
    public override void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s) => CpuMatMul.MatMul(a, b, y, s);

    /// <inheritdoc/>
    public override void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s) => CpuConv2d.Conv2d(x, w, y, s, Convolution);

    /// <inheritdoc/>
    public override void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s) =>
        CpuConvTranspose2d.Conv2dInputGrad(dy, w, dx, s, Convolution);

    /// <inheritdoc/>
    public override void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s) =>
        CpuConv2d.Conv2dWeightGrad(x, dy, dw, s, Convolution);

    /// <inheritdoc/>
    public override void Softmax(Storage x, Storage y, int rows, int columns) => CpuSoftmax.Softmax(x, y, rows, columns);

    /// <inheritdoc/>
    public override void TopKMask(Storage x, Storage y, int rows, int columns, int k) => CpuTopK.TopKMask(x, y, rows, columns, k);

    // Resampling, pooling, gathering

    /// <inheritdoc/>
    public override void Upsample2x(Storage x, Storage y, in ImageSpec s) => CpuResample.Upsample2x(x, y, s);

    /// <inheritdoc/>
    public override void SumPool2x2(Storage x, Storage y, in ImageSpec s) => CpuResample.SumPool2x2(x, y, s);

    /// <inheritdoc/>
    public override void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s) => CpuMaxPool2d.MaxPool2d(x, y, index, s);

    /// <inheritdoc/>
    public override void Gather(Storage x, Storage index, Storage y, in GatherSpec s) => CpuGather.Gather(x, index, y, s);

    /// <inheritdoc/>
    public override void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s) => CpuGather.ScatterAdd(y, index, x, s);

    // Random numbers

    /// <inheritdoc/>
    public override void RandomUniform(Storage y, int n, in PhiloxKey key) => CpuRandom.RandomUniform(y, n, key);

    /// <inheritdoc/>
    public override void RandomNormal(Storage y, int n, in PhiloxKey key) => CpuRandom.RandomNormal(y, n, key);

    // Fused attention

    /// <inheritdoc/>
    public void Attention(Storage q, Storage k, Storage v, Storage o, Storage rows, in AttentionSpec s) =>
        CpuAttention.Attention(q, k, v, o, rows, s);

    /// <inheritdoc/>
    public void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage rows, Storage g, Storage dq, Storage dk,
        Storage dv, in AttentionSpec s) =>
        CpuAttention.AttentionBackward(q, k, v, o, rows, g, dq, dk, dv, s);

    // Fused batch normalisation

    /// <inheritdoc/>
    public void BatchNorm(Storage x, Storage weight, Storage bias, Storage y, Storage mean, Storage variance, in BatchNormSpec s) =>
        CpuBatchNorm.BatchNorm(x, weight, bias, y, mean, variance, s);

    /// <inheritdoc/>
    public void BatchNormInference(Storage x, Storage weight, Storage bias, Storage mean, Storage variance, Storage y,
        in BatchNormSpec s) =>
        CpuBatchNorm.BatchNormInference(x, weight, bias, mean, variance, y, s);

    /// <inheritdoc/>
    public void BatchNormBackward(Storage g, Storage x, Storage y, Storage weight, Storage mean, Storage variance, Storage dx,
        Storage dweight, Storage dbias, in BatchNormSpec s) =>
        CpuBatchNorm.BatchNormBackward(g, x, y, weight, mean, variance, dx, dweight, dbias, s);

    // Products with bias and activation

    /// <inheritdoc/>
    public void MatMulBias(Storage a, Storage b, Storage? scale, Storage? bias, Storage y, in MatMulSpec s, Activation act) =>
        CpuMatMul.MatMulBias(a, b, scale, bias, y, s, act);

    /// <inheritdoc/>
    public void Conv2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act) =>
        CpuConv2d.Conv2dBias(x, w, scale, bias, y, s, act, Convolution);

    /// <inheritdoc/>
    public void ConvTranspose2dBias(Storage x, Storage w, Storage? scale, Storage? bias, Storage y, in Conv2dSpec s, Activation act) =>
        CpuConvTranspose2d.ConvTranspose2dBias(x, w, scale, bias, y, s, act, Convolution);

    /// <inheritdoc/>
    public void BiasActivationBackward(Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns, Activation act) =>
        CpuBiasActivation.BiasActivationBackward(g, y, dz, dbias, rows, columns, act);

    // Residual

    /// <inheritdoc/>
    public void Residual(Storage x, Storage o, Storage gamma, Storage y, int n) => CpuResidual.Residual(x, o, gamma, y, n);

    /// <inheritdoc/>
    public void ResidualBackward(Storage g, Storage o, Storage gamma, Storage dO, Storage dgamma, int n) =>
        CpuResidual.ResidualBackward(g, o, gamma, dO, dgamma, n);

    // Spectral normalisation

    /// <inheritdoc/>
    public void PowerIteration(Storage w, Storage u, Storage v, Storage uOut, Storage vOut, Storage sigma, in PowerIterationSpec s) =>
        CpuSpectralNorm.PowerIteration(w, u, v, uOut, vOut, sigma, s);

    /// <inheritdoc/>
    public void SpectralNormBackward(Storage g, Storage w, Storage u, Storage v, Storage sigma, Storage dw, in PowerIterationSpec s) =>
        CpuSpectralNorm.SpectralNormBackward(g, w, u, v, sigma, dw, s);

    // Adam

    /// <inheritdoc/>
    public void Adam(ReadOnlySpan<AdamSlot> group, in AdamSpec s) => CpuAdam.Adam(group, s);
}
