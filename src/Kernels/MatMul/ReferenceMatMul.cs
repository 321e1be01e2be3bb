namespace Sagan.Native.Kernels;

/// <summary>Defines MatMul.</summary>
static class ReferenceMatMul
{
    /// <summary>y[b, i, j] = sum_k op(a)[b, i, k] op(b)[b, k, j], op = transpose where the spec says so.</summary>
    public static void MatMul(Storage @as, Storage bs, Storage ys, in MatMulSpec s)
    {
        Span<float> a = @as.Values(), b = bs.Values();
        ReferenceView y = new(ys, s.M, s.N);
        for (int batch = 0; batch < s.Batch; batch++)
            for (int i = 0; i < s.M; i++)
                for (int j = 0; j < s.N; j++)
                {
                    double sum = 0;
                    for (int k = 0; k < s.K; k++)
                    {
                        float aik = a[batch * s.BatchStrideA + (s.TransposeA ? k * s.M + i : i * s.K + k)];
                        float bkj = b[batch * s.BatchStrideB + (s.TransposeB ? j * s.K + k : k * s.N + j)];
                        sum += (double)aik * bkj;
                    }
                    y[batch, i, j] = (float)sum;
                }
    }
}
