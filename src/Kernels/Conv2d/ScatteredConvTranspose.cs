using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Transposed convolution to few channels (an image): dx = act(bias + sum of scattered products).
/// <para>
/// p[i,j,u,v,c] = scale sum over o of dy[n,i,j,o] w[o,u,v,c] is a product with Kh Kw Ci columns, which fills the register tiles where Ci
/// columns alone would leave most lanes empty; it reads w as it lies. Then dx[n,h,w,c] = sum of p over i Stride + u - Padding = h, j Stride
/// + v - Padding = w, added up in ascending (u, v).
/// </para>
/// <para>
/// One job makes one band of rows of one image. p of the band stays in cache. A row of dx is made of cells of Stride pixels: with v = g
/// Stride + b, the products of source pixel j for all b lie side by side, and fall into cell j + g. So a cell is a sum of a few short
/// vectors and is stored once; its store may run over into the next cell, which is stored later. Kernels whose width is no multiple of the
/// stride have a last group of fewer than Stride columns, which is added afterwards, element by element.
/// </para>
/// <para>Timings: benchmarks/kernel-notes.md.</para>
/// </summary>
readonly unsafe struct ScatteredConvTranspose(float* dy, float* w, float* bias, float scale, float* dx, Conv2dSpec s, Activation act)
    : ISimdLoop
{
    const int MinJobs = 16;

    public static bool Suits(in Conv2dSpec s) => s.Ci <= 8 && s.Kh <= 8 && s.Kw <= 8;

    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        // Neighbouring bands both make the rows of products that they share, so no more of them than a batch of few images needs to be
        // spread over threads.
        int bands = Math.Clamp(MinJobs / Math.Max(s.N, 1), 1, Math.Max(1, s.H / 8));
        WorkerPool.Run(s.N * bands, new ScatteredBand<V>(dy, w, bias, scale, dx, s, act, bands));
    }
}

readonly unsafe struct ScatteredBand<V>(float* dy, float* w, float* bias, float scale, float* dx, Conv2dSpec s, Activation act, int bands)
    : IJob
    where V : unmanaged, ISimd<V>
{
    const int MaxTerms = 64;

    int Columns => s.Kh * s.Kw * s.Ci;

    int Cell => s.Stride * s.Ci;

    public void Execute(int index)
    {
        (int n, int band) = Math.DivRem(index, bands);
        (int h0, int h1) = GemmPlan.Share(s.H, bands, band);
        // The rows i of dy that reach rows h0 .. h1-1.
        int i0 = Math.Max(0, (h0 + s.Padding - s.Kh + s.Stride) / s.Stride), i1 = Math.Min(s.OutH, (h1 - 1 + s.Padding) / s.Stride + 1);
        int rows = Math.Max(i1 - i0, 0) * s.OutW;
        using ScratchScope scratch = ScratchArena.Enter();
        float* p = scratch.Floats((long)rows * Columns + V.Count);
        Gemm.Run(rows, Columns, s.Co, new RowOperand(dy + ((long)n * s.OutH + i0) * s.OutW * s.Co, s.Co), new ColumnOperand(w, Columns),
            new Epilogue<MatrixRows>(new(p, Columns), null, Activation.None, scale));
        float* row = scratch.Floats((s.OutW + s.Kw + (s.W + 2 * s.Padding) / s.Stride + 2L) * Cell + 2 * V.Count);
        for (int h = h0; h < h1; h++)
        {
            Sum(p, h, i0, i1, row);
            Finish(row + s.Padding * s.Ci, dx + ((long)n * s.H + h) * s.W * s.Ci);
        }
    }

    // row[t] = the sum at element t - Padding Ci of row h.
    [SkipLocalsInit]
    void Sum(float* p, int h, int i0, int i1, float* row)
    {
        float** term = stackalloc float*[MaxTerms];
        int* shift = stackalloc int[MaxTerms];
        int terms = 0, groups = s.Kw / s.Stride, cells = (s.W + s.Padding + s.Stride - 1) / s.Stride + 1, cell = Cell, columns = Columns;
        for (int u = (h + s.Padding) % s.Stride; u < s.Kh; u += s.Stride)
        {
            int i = (h + s.Padding - u) / s.Stride;
            if (h + s.Padding < u || i < i0 || i >= i1) continue;
            for (int g = 0; g < groups; g++)
            {
                term[terms] = p + ((long)(i - i0) * s.OutW - g) * columns + (u * s.Kw + g * s.Stride) * s.Ci;
                shift[terms++] = g;
            }
        }
        for (int j = 0; j < cells; j++)
            for (int l = 0; l < cell; l += V.Count)
            {
                V sum = V.Create(0);
                for (int t = 0; t < terms; t++)
                    if ((uint)(j - shift[t]) < (uint)s.OutW) sum += V.Load(term[t] + (long)j * columns + l);
                sum.Store(row + j * cell + l);
            }
        int rest = s.Kw % s.Stride * s.Ci;
        if (rest == 0) return;
        for (int u = (h + s.Padding) % s.Stride; u < s.Kh; u += s.Stride)
        {
            int i = (h + s.Padding - u) / s.Stride;
            if (h + s.Padding < u || i < i0 || i >= i1) continue;
            float* x = p + (long)(i - i0) * s.OutW * columns + (u * s.Kw + groups * s.Stride) * s.Ci;
            for (int j = 0; j < Math.Min(s.OutW, cells - groups); j++)
                for (int l = 0; l < rest; l++) row[(j + groups) * cell + l] += x[(long)j * columns + l];
        }
    }

    // y = act(row + bias) for one row of dx.
    void Finish(float* row, float* y)
    {
        int n = s.W * s.Ci;
        if (bias != null)
            for (int i = 0; i < n; i += s.Ci)
                for (int c = 0; c < s.Ci; c++) row[i + c] += bias[c];
        int k = 0;
        for (; k + V.Count <= n; k += V.Count) Epilogues.Activate(V.Load(row + k), act).Store(y + k);
        if (k == n) return;
        Epilogues.Activate(V.Load(row + k), act).Store(row + k);
        for (; k < n; k++) y[k] = row[k];
    }
}
