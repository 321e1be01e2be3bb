using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches PowerIteration and SpectralNormBackward.</summary>
static class GpuSpectralNorm
{
    const int PowerBlocks = 256, PowerLeastRows = 64, PowerMostRows = 1024, SpectralGradRows = 64;

    // Columns that are summed by 16 threads instead of 64; threads that do for a short vector.
    const int ShortRow = 512, FewThreads = 64;

    // Elements for each thread block of a scalar product.
    const int DotElements = 8192;

    /// <inheritdoc cref="IFusedSpectralNorm.PowerIteration"/>
    public static void PowerIteration(GpuContext gpu, Storage w, Storage u, Storage v, Storage uOut, Storage vOut, Storage sigma,
        in PowerIterationSpec s)
    {
        int nu = s.Transpose ? s.Columns : s.Rows, nv = s.Transpose ? s.Rows : s.Columns;
        GpuStorage product = gpu.Temporary(Math.Max(nu, nv));
        for (int i = 0; i < s.Iterations; i++)
        {
            MatrixProduct(gpu, w, i == 0 ? u : uOut, product, s, transposed: !s.Transpose);
            // Its sigma is overwritten by the next.
            Normalize(gpu, product, i == 0 ? v : vOut, vOut, sigma, nv, s);
            MatrixProduct(gpu, w, vOut, product, s, transposed: s.Transpose);
            Normalize(gpu, product, i == 0 ? u : uOut, uOut, sigma, nu, s);
        }
        if (s.Iterations == 0)
        {
            if (v != vOut) GpuElementwise.Copy(gpu, v, vOut, nv);
            MatrixProduct(gpu, w, v, product, s, transposed: s.Transpose);
            Normalize(gpu, product, u, uOut, sigma, nu, s);
        }
        product.Release();
    }

    /// <inheritdoc cref="IFusedSpectralNorm.SpectralNormBackward"/>
    public static void SpectralNormBackward(GpuContext gpu, Storage g, Storage w, Storage u, Storage v, Storage sigma, Storage dw,
        in PowerIterationSpec s)
    {
        // As many partial sums as a thread block has threads, which adds them.
        int n = s.Rows * s.Columns, threadBlocks = Math.Clamp(CeilDiv(n, DotElements), 1, GpuQueue.Threads);
        GpuStorage partials = gpu.Temporary(threadBlocks);
        gpu.Launch(new GpuDotKernel(Floats(g), Floats(w), Floats(sigma), Floats(partials), n), new GpuGrid(threadBlocks), GpuQueue.Threads);
        // u v^T seen from S: its entry (r, c) is left[r] right[c].
        (Storage left, Storage right) = s.Transpose ? (v, u) : (u, v);
        GpuRowTile tile = new(s.Rows, s.Columns, SpectralGradRows);
        gpu.Launch(new GpuSpectralGradKernel(Floats(g), Floats(left), Floats(right), Floats(sigma), Floats(partials), threadBlocks,
            Floats(dw), tile), tile.LaunchGrid, GpuRowTile.Threads);
        partials.Release();
    }

    // transposed: y = S^T x, else y = S x.
    static void MatrixProduct(GpuContext gpu, Storage matrix, Storage x, GpuStorage y, in PowerIterationSpec s, bool transposed)
    {
        if (!transposed)
        {
            int lanes = s.Columns <= ShortRow ? 16 : 64;
            gpu.Launch(new GpuMatrixVectorKernel(Floats(matrix), Floats(x), Floats(y), s.Rows, s.Columns, lanes),
                GpuGrid.Cover(s.Rows, GpuQueue.Threads / lanes));
            return;
        }
        GpuRowTile tile = GpuRowTile.Cut(s.Rows, s.Columns, PowerBlocks, PowerLeastRows, PowerMostRows);
        int vec4s = GpuRowTile.Vec4s(s.Columns);
        GpuStorage partials = gpu.Temporary(4L * tile.Blocks * vec4s);
        gpu.Launch(new GpuVectorMatrixKernel(Floats(matrix), Floats(x), Float4s(partials), tile), tile.LaunchGrid, GpuRowTile.Threads);
        gpu.Launch(new GpuVectorMatrixCombineKernel(Float4s(partials), Float4s(y), vec4s, tile.Blocks), GpuGrid.Cover(vec4s));
        partials.Release();
    }

    static void Normalize(GpuContext gpu, GpuStorage product, Storage before, Storage result, Storage sigma, int n,
        in PowerIterationSpec s) =>
        gpu.Launch(new GpuPowerNormalizeKernel(Floats(product), Floats(before), Floats(result), Floats(sigma), n, s.Epsilon,
            s.EpsilonForm == NormEpsilon.Add ? 1 : 0, s.Iterations == 0 ? 1 : 0), new GpuGrid(1), n <= 4 * FewThreads ? FewThreads
            : GpuQueue.Threads);
}
