namespace Sagan.Native.Kernels;

/// <summary>
/// Weight gradient of a convolution of an image with at most 4 channels: dw[o,u,v,c] = sum over n,i,j of dy[n,i,j,o]
/// x[n, i Stride + u - Padding, j Stride + v - Padding, c].
/// <para>
/// For every kernel row u a register tile holds 12 of its Kw Ci taps (6 with narrower vectors) by two vectors of outputs and runs along the
/// pixels of a band of output rows: dy is read where it lies, x by broadcast from the band's rows (PaddedBand). A job does some bands after
/// another into a sum of its own; the jobs' sums are added in order and turned into dw.
/// </para>
/// <para>
/// Numerics: one chain of multiply-adds a band of about 128 pixels, bands and jobs added one after the other. The cut depends on the sizes
/// alone.
/// </para>
/// <para>
/// Tried and rejected: bands of 64 and 256 pixels, prefetching the next band's dy: no change. Timings: benchmarks/kernel-notes.md.
/// </para>
/// </summary>
readonly unsafe struct FewChannelWeightGrad(float* x, float* dy, float* dw, Conv2dSpec s) : ISimdLoop
{
    public static bool Suits(in Conv2dSpec s) => FewChannelConv2d.Suits(s) && s.N * s.OutH * s.OutW > 0;

    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        using ScratchScope scratch = ScratchArena.Enter();
        FewChannelSums<V> job = new(x, dy, null, null, s);
        int* offsets = scratch.Of<int>((long)job.RowsPerBand * s.OutW);
        PaddedBand band = new(s);
        for (int i = 0, p = 0; i < job.RowsPerBand; i++)
            for (int j = 0; j < s.OutW; j++) offsets[p++] = (i * band.Pitch + j * s.Ci) * s.Stride;
        job = new(x, dy, scratch.Floats((long)job.Jobs * job.Size + 2 * V.Count), offsets, s);
        WorkerPool.Run(job.Jobs, job);
        WorkerPool.Run(s.Kh, new FewChannelSum<V>(job, dw));
    }
}

/// <summary>The sum over some bands of output rows: element (u, t, o) at sums[((job Kh + u) Taps + t) Outputs + o].</summary>
readonly unsafe struct FewChannelSums<V>(float* x, float* dy, float* sums, int* offsets, Conv2dSpec s) : IJob where V : unmanaged, ISimd<V>
{
    const int MaxJobs = 32, PixelsPerBand = 128;

    public readonly Conv2dSpec Spec = s;
    public readonly float* Sums = sums;

    // Room for the taps and lanes that a tile computes too many.
    public int Taps => (Spec.Kw * Spec.Ci + 3 & ~3) + 8;

    public int Outputs => (Spec.Co + V.Count - 1) / V.Count * V.Count;

    public int Size => Spec.Kh * Taps * Outputs;

    public int RowsPerBand => Math.Clamp(PixelsPerBand / Spec.OutW, 1, Spec.OutH);

    int BandsPerImage => (Spec.OutH + RowsPerBand - 1) / RowsPerBand;

    public int Jobs => Math.Min(MaxJobs, Spec.N * BandsPerImage);

    public void Execute(int index)
    {
        float* sum = Sums + (long)index * Size;
        new Span<float>(sum, Size).Clear();
        PaddedBand band = new(Spec);
        using ScratchScope scratch = ScratchArena.Enter();
        float* p = scratch.Floats(band.Size(RowsPerBand));
        (int from, int to) = GemmPlan.Share(Spec.N * BandsPerImage, Jobs, index);
        for (int b = from; b < to; b++)
        {
            (int n, int bandOfImage) = Math.DivRem(b, BandsPerImage);
            int i0 = bandOfImage * RowsPerBand, rows = Math.Min(RowsPerBand, Spec.OutH - i0);
            band.Copy<V>(x + (long)n * Spec.H * Spec.W * Spec.Ci, i0, rows, p);
            Add(p, band.Pitch, dy + ((long)n * Spec.OutH + i0) * Spec.OutW * Spec.Co, rows * Spec.OutW, sum);
        }
    }

    void Add(float* p, int pitch, float* dy, int pixels, float* sum)
    {
        int taps = Spec.Kw * Spec.Ci;
        for (int o = 0; o < Outputs; o += 2 * V.Count)
            for (int u = 0; u < Spec.Kh; u++)
                for (int t = 0; t < taps;)
                    t += Tile(taps - t, Outputs - o > V.Count, pixels, p + (long)u * pitch + t, dy + o, sum +
                        ((long)u * Taps + t) * Outputs + o);
    }

    // Runs the tile for so many taps, and returns how many it did.
    int Tile(int taps, bool wide, nint pixels, float* x, float* dy, float* sum)
    {
        nint ld = Spec.Co, ldsum = Outputs;
        if (V.Count == 16 && taps > 8)
        {
            if (wide) WindowTiles.Taps12x2<V>(pixels, x, offsets, dy, ld, sum, ldsum);
            else WindowTiles.Taps12x1<V>(pixels, x, offsets, dy, ld, sum, ldsum);
            return 12;
        }
        if (V.Count == 16 && taps > 4)
        {
            if (wide) WindowTiles.Taps8x2<V>(pixels, x, offsets, dy, ld, sum, ldsum);
            else WindowTiles.Taps8x1<V>(pixels, x, offsets, dy, ld, sum, ldsum);
            return 8;
        }
        if (taps > 4)
        {
            if (wide) WindowTiles.Taps6x2<V>(pixels, x, offsets, dy, ld, sum, ldsum);
            else WindowTiles.Taps6x1<V>(pixels, x, offsets, dy, ld, sum, ldsum);
            return 6;
        }
        if (wide) WindowTiles.Taps4x2<V>(pixels, x, offsets, dy, ld, sum, ldsum);
        else WindowTiles.Taps4x1<V>(pixels, x, offsets, dy, ld, sum, ldsum);
        return 4;
    }
}

/// <summary>Adds the sums of the jobs, in order, into that of the first and turns it into dw, for kernel row u.</summary>
readonly unsafe struct FewChannelSum<V>(FewChannelSums<V> sums, float* dw) : IJob where V : unmanaged, ISimd<V>
{
    public void Execute(int u)
    {
        Conv2dSpec s = sums.Spec;
        int taps = s.Kw * s.Ci, outputs = sums.Outputs;
        float* first = sums.Sums + (long)u * sums.Taps * outputs;
        for (int i = 0; i < taps * outputs; i += V.Count)
        {
            V sum = V.Load(first + i);
            for (int job = 1; job < sums.Jobs; job++) sum += V.Load(first + (long)job * sums.Size + i);
            sum.Store(first + i);
        }
        CpuTranspose.Run(first, outputs, dw + (long)u * taps, s.Kh * taps, s.Co, taps);
    }
}
