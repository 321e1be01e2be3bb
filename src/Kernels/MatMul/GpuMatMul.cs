namespace Sagan.Native.Kernels;

/// <summary>Matrix products: what the factors and the result are, for <see cref="GpuGemm"/>.</summary>
static class GpuMatMul
{
    /// <inheritdoc cref="Backend.MatMul"/>
    public static void MatMul(GpuContext gpu, Storage a, Storage b, Storage y, in MatMulSpec s) =>
        MatMulBias(gpu, a, b, null, null, y, s, Activation.None);

    /// <inheritdoc cref="IFusedBias.MatMulBias"/>
    public static void MatMulBias(GpuContext gpu, Storage a, Storage b, Storage? scale, Storage? bias, Storage y, in MatMulSpec s,
        Activation act)
    {
        // One matrix b for all of a: their rows are the rows of one product.
        bool joined = s.BatchStrideB == 0 && !s.TransposeA && s.BatchStrideA == s.M * s.K;
        GpuGemmSize size = joined ? new(1, s.Batch * s.M, s.N, s.K) : new(s.Batch, s.M, s.N, s.K);
        GpuResult<GpuMatrixLayout> result = new(y, new(s.M * s.N, s.N, size.M), GpuGemm.IsVec4(s.N), scale, bias, act);
        if (s.TransposeA)
        {
            GpuFactor<GpuColumnOperand> left = new(a, new(s.BatchStrideA, s.M, size.M, s.K), GpuGemm.IsVec4(s.M | s.BatchStrideA));
            if (s.TransposeB) GpuGemm.Run(gpu, size, left, Rows(b, s), result);
            else GpuGemm.Run(gpu, size, left, Columns(b, s), result);
        }
        else
        {
            GpuFactor<GpuRowOperand> left = new(a, new(s.BatchStrideA, s.K, size.M, s.K), GpuGemm.IsVec4(s.K | s.BatchStrideA));
            if (s.TransposeB) GpuGemm.Run(gpu, size, left, Rows(b, s), result);
            else GpuGemm.Run(gpu, size, left, Columns(b, s), result);
        }
    }

    static GpuFactor<GpuRowOperand> Rows(Storage b, in MatMulSpec s) =>
        new(b, new(s.BatchStrideB, s.K, s.N, s.K), GpuGemm.IsVec4(s.K | s.BatchStrideB));

    static GpuFactor<GpuColumnOperand> Columns(Storage b, in MatMulSpec s) =>
        new(b, new(s.BatchStrideB, s.N, s.N, s.K), GpuGemm.IsVec4(s.N | s.BatchStrideB));
}
