namespace Sagan.Native.Kernels;

// Spectral normalisation of a stored matrix S [rows, columns]; W = S, or S^T where the spec says Transpose.
//
//   iteration  v = l2n(W^T u);  u = l2n(W v);   sigma = u^T W v
//   backward   dw = (g - (sum g w) / sigma u v^T) / sigma
//
// Who computes what: both products, S x and S^T y, run over the same blocks of rows (one job each). S x: rows eight at a time against x,
// lanes along the columns. S^T y: eight rows at a time are added to the block's own sum [columns]; the blocks' sums are then added in block
// order. Both read S once as eight parallel streams. sigma costs no third product: it is u . (W v), and W v is what the last u was made of.
// Rows that fill no group of eight and columns that fill no vector go one by one.
// Work: 4 rows columns flops and two readings of S an iteration: bound by memory (512 x 4096: 16 MB).
// Numerics: products in float (S^T y: at most 16 blocks of rows, summed apart), norms and sigma in double. Where a product is so small or
// large that floats would lose digits, it is computed again from a vector times 2^96 or 2^-96, and a gradient element by element in double:
// right for weights of any size.
// Timings: benchmarks/kernel-notes.md.
static unsafe class CpuSpectralNorm
{
    const int PowerBlocks = 16;

    // Within these, sums and products of floats neither lose digits below the normal range nor overflow.
    const double SmallNorm = 1.0 / (1L << 62), LargeNorm = 1L << 62;

    /// <inheritdoc cref="IFusedSpectralNorm.PowerIteration"/>
    public static void PowerIteration(Storage w, Storage u, Storage v, Storage uOut, Storage vOut, Storage sigma, in PowerIterationSpec s)
    {
        float* matrix = w.Pointer(), pu = uOut.Pointer(), pv = vOut.Pointer();
        int nu = s.Transpose ? s.Columns : s.Rows, nv = s.Transpose ? s.Rows : s.Columns;
        new ReadOnlySpan<float>(u.Pointer(), nu).CopyTo(new Span<float>(pu, nu));
        new ReadOnlySpan<float>(v.Pointer(), nv).CopyTo(new Span<float>(pv, nv));
        using ScratchScope scratch = ScratchArena.Enter();
        float* product = scratch.Floats(Math.Max(nu, nv));
        double norm, unit = 1;
        for (int i = 0; i < s.Iterations; i++)
        {
            (norm, unit) = Multiply(matrix, s, !s.Transpose, pu, nu, product, nv);
            Normalize(product, norm, unit, pv, nv, s);
            (norm, unit) = Multiply(matrix, s, s.Transpose, pv, nv, product, nu);
            // The last W v is kept for sigma.
            Normalize(product, norm, unit, pu, nu, s);
        }
        if (s.Iterations == 0) (_, unit) = Multiply(matrix, s, s.Transpose, pv, nv, product, nu);
        sigma.Pointer()[0] = (float)(Wide.Dot(pu, product, nu) * unit);
    }

    /// <inheritdoc cref="IFusedSpectralNorm.SpectralNormBackward"/>
    public static void SpectralNormBackward(Storage g, Storage w, Storage u, Storage v, Storage sigma, Storage dw, in PowerIterationSpec s)
    {
        float* pg = g.Pointer(), pw = w.Pointer(), pu = u.Pointer(), pv = v.Pointer();
        RowBlocks blocks = RowBlocks.AtMost(PowerBlocks, s.Rows, s.Columns);
        double divisor = sigma.Pointer()[0], dot = 0;
        if (Math.Abs(divisor) is < SmallNorm or > LargeNorm)
        {
            SpectralNormBackwardInDouble(pg, pw, pu, pv, divisor, dw.Pointer(), s);
            return;
        }
        using ScratchScope scratch = ScratchArena.Enter();
        float* partials = scratch.Floats(blocks.Count);
        WorkerPool.Run(blocks.Count, new DotJob(pg, pw, partials, s.Columns, blocks));
        for (int b = 0; b < blocks.Count; b++) dot += partials[b];
        // u v^T seen from S: its entry (r, c) is left[r] right[c].
        float* left = s.Transpose ? pv : pu, right = s.Transpose ? pu : pv;
        WorkerPool.Run(blocks.Count, new SpectralGradJob(pg, left, right, dw.Pointer(), (float)(1 / divisor),
            (float)(-dot / divisor / divisor), s.Columns, blocks));
    }

    // A loop of one thread: for weights that no training has.
    static void SpectralNormBackwardInDouble(float* g, float* w, float* u, float* v, double sigma, float* dw, in PowerIterationSpec s)
    {
        int n = s.Rows * s.Columns;
        // Where sigma is 0 it is a constant 1.
        double along = sigma == 0 ? 0 : Wide.Dot(g, w, n) / sigma;
        if (sigma == 0) sigma = 1;
        for (int i = 0; i < n; i++)
        {
            (int r, int c) = Math.DivRem(i, s.Columns);
            double uv = s.Transpose ? (double)u[c] * v[r] : (double)u[r] * v[c];
            dw[i] = (float)((g[i] - along * uv) / sigma);
        }
    }

    // y unit = S^T x (transposed) or S x, with its norm; unit is a power of two that is 1 unless y would not fit floats.
    static (double Norm, double Unit) Multiply(float* matrix, in PowerIterationSpec s, bool transposed, float* x, int nx, float* y, int ny)
    {
        Multiply(matrix, s, transposed, x, y);
        double norm = Math.Sqrt(Wide.Dot(y, y, ny));
        if (norm is >= SmallNorm and <= LargeNorm) return (norm, 1);
        double scale = norm < SmallNorm ? Math.ScaleB(1, 96) : Math.ScaleB(1, -96);
        using ScratchScope scratch = ScratchArena.Enter();
        float* scaled = scratch.Floats(nx);
        Wide.Scale(x, scale, scaled, nx);
        Multiply(matrix, s, transposed, scaled, y);
        return (Math.Sqrt(Wide.Dot(y, y, ny)) / scale, 1 / scale);
    }

    // transposed: y = S^T x, else y = S x.
    static void Multiply(float* matrix, in PowerIterationSpec s, bool transposed, float* x, float* y)
    {
        RowBlocks blocks = RowBlocks.AtMost(PowerBlocks, s.Rows, s.Columns);
        if (!transposed)
        {
            WorkerPool.Run(blocks.Count, new MatrixVectorJob(matrix, x, y, s.Columns, blocks));
            return;
        }
        if (blocks.Count == 0)
        {
            new Span<float>(y, s.Columns).Clear();
            return;
        }
        using ScratchScope scratch = ScratchArena.Enter();
        float* partials = scratch.Floats((long)blocks.Count * s.Columns);
        WorkerPool.Run(blocks.Count, new VectorMatrixJob(matrix, x, partials, s.Columns, blocks));
        VectorMatrixJob.Combine(partials, y, s.Columns, blocks.Count);
    }

    // A product of 0 leaves y as it was: with an all-zero weight u and v would otherwise stay 0 for ever, also after the weight has become
    // something else.
    static void Normalize(float* x, double norm, double unit, float* y, int n, in PowerIterationSpec s)
    {
        if (norm == 0) return;
        Wide.Scale(x, unit / (s.EpsilonForm == NormEpsilon.Max ? norm : norm + s.Epsilon), y, n);
    }
}
