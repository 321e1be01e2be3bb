namespace Sagan.Native.Kernels;

static unsafe class CpuMatMul
{
    public static void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s) => MatMul(a, b, null, null, y, s, Activation.None);

    public static void MatMulBias(Storage a, Storage b, Storage? scale, Storage? bias, Storage y, in MatMulSpec s, Activation act) =>
        MatMul(a, b, scale, bias, y, s, act);

    static void MatMul(Storage a, Storage b, Storage? scale, Storage? bias, Storage y, in MatMulSpec s, Activation act)
    {
        MatMulBatch job = new(a.Pointer(), b.Pointer(), Scale(scale), bias == null ? null : bias.Pointer(), y.Pointer(), s, act);
        // Many entries: one job each, its product done by one thread. Few: one after the other, each shared by all threads.
        if (s.Batch >= 4 * WorkerPool.Threads) WorkerPool.Run(s.Batch, job);
        else
            for (int i = 0; i < s.Batch; i++) job.Execute(i);
    }

    /// <summary>The factor, which is 1 where there is none.</summary>
    public static float Scale(Storage? scale) => scale == null ? 1 : *scale.Pointer();

    /// <summary>One batch entry of a product.</summary>
    readonly struct MatMulBatch(float* a, float* b, float scale, float* bias, float* y, MatMulSpec s, Activation act) : IJob
    {
        public void Execute(int index)
        {
            float* ai = a + (long)index * s.BatchStrideA, bi = b + (long)index * s.BatchStrideB;
            if (s.N == 1 && !s.TransposeA)
            {
                RowDots dots = new(ai, bi, bias, 0, scale, y + (long)index * s.M, s.M, s.K, act);
                WorkerPool.Run(dots.Jobs, dots);
                return;
            }
            if (s.M == 1 && s.TransposeB)
            {
                RowDots dots = new(bi, ai, bias, 1, scale, y + (long)index * s.N, s.N, s.K, act);
                WorkerPool.Run(dots.Jobs, dots);
                return;
            }
            if (s.M == 1 && !s.TransposeB && RowCombination.Suits(s.K, s.N))
            {
                RowCombination row = new(ai, bi, bias, 1, scale, y + (long)index * s.N, s.K, s.N, act);
                WorkerPool.Run(row.Jobs, row);
                return;
            }
            if (s.N == 1 && s.TransposeA && RowCombination.Suits(s.K, s.M))
            {
                RowCombination column = new(bi, ai, bias, 0, scale, y + (long)index * s.M, s.K, s.M, act);
                WorkerPool.Run(column.Jobs, column);
                return;
            }
            Epilogue<MatrixRows> c = new(new(y + (long)index * s.M * s.N, s.N), bias, act, scale);
            if (s.TransposeA)
            {
                if (s.TransposeB) Gemm.Run(s.M, s.N, s.K, new ColumnOperand(ai, s.M), new TransposedOperand(bi, s.K), c);
                else Gemm.Run(s.M, s.N, s.K, new ColumnOperand(ai, s.M), new ColumnOperand(bi, s.N), c);
            }
            else if (s.TransposeB) Gemm.Run(s.M, s.N, s.K, new RowOperand(ai, s.K), new TransposedOperand(bi, s.K), c);
            else Gemm.Run(s.M, s.N, s.K, new RowOperand(ai, s.K), new ColumnOperand(bi, s.N), c);
        }
    }
}
