namespace Sagan.Native.Kernels;

/// <summary>
/// Convolution of an image with at most 4 channels: y[n,i,j,o] = act(bias[o] + scale sum over u,v,c of x[n, i Stride + u - Padding, j
/// Stride + v - Padding, c] w[o,u,v,c]).
/// <para>
/// As a product (Gemm), windows of 48 floats are packed in pieces of 12, which takes half as long as multiplying them with 64 outputs. Here
/// a job, some output rows of an image, copies the rows they look at once (PaddedBand), and the register tile reads windows in place: 8
/// windows x 32 outputs with 512-bit vectors, 6 windows x 2 vectors with others. It begins with the bias and ends with leaky ReLU; scale is
/// multiplied into the packed weights.
/// </para>
/// <para>
/// One chain of multiply-adds in ascending (u, v, c) per output, in whichever tile it is done. At the end of a row the tile steps back and
/// does some windows again; outputs that fill no tile go through a buffer of one tile.
/// </para>
/// <para>
/// Tried and rejected: prefetching the lines that the next tile stores, and two loops, over rows and taps, around which the JIT keeps an
/// accumulator in memory. Timings: benchmarks/kernel-notes.md.
/// </para>
/// </summary>
readonly unsafe struct FewChannelConv2d(float* x, float* w, float scale, float* bias, float* y, Conv2dSpec s, Activation act) : ISimdLoop
{
    const int MaxWindow = 512, MinOutputs = 17;

    public static bool Suits(in Conv2dSpec s) => s.Ci <= 4 && s.Co >= MinOutputs && s.Kh * s.Kw * s.Ci <= MaxWindow;

    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        int k = s.Kh * s.Kw * s.Ci, lanes = 2 * V.Count, panels = (s.Co + lanes - 1) / lanes;
        using ScratchScope scratch = ScratchArena.Enter();
        float* packed = scratch.Floats((long)panels * k * lanes), constants = scratch.Floats(V.Count + panels * lanes);
        new TransposedOperand(w, k).Pack<V>(0, s.Co, 0, k, packed, lanes, (long)k * lanes);
        if (scale != 1)
            for (float* p = packed, end = packed + (long)panels * k * lanes; p < end; p += V.Count) (V.Load(p) * V.Create(scale)).Store(p);
        V.Create(act.Kind == ActivationKind.LeakyRelu ? act.Slope : 1).Store(constants);
        new Span<float>(constants + V.Count, panels * lanes).Clear();
        if (bias != null) new ReadOnlySpan<float>(bias, s.Co).CopyTo(new Span<float>(constants + V.Count, s.Co));
        int* offsets = scratch.Of<int>(k);
        PaddedBand band = new(s);
        for (int u = 0, p = 0; u < s.Kh; u++)
            for (int t = 0; t < s.Kw * s.Ci; t++) offsets[p++] = u * band.Pitch + t;
        FewChannelBand<V> job = new(x, packed, constants, offsets, y, s, act.Kind == ActivationKind.Tanh);
        WorkerPool.Run(job.Jobs, job);
    }
}

/// <summary>One band of output rows of one image.</summary>
readonly unsafe struct FewChannelBand<V>(float* x, float* w, float* constants, int* offsets, float* y, Conv2dSpec s, bool tanh) : IJob
    where V : unmanaged, ISimd<V>
{
    // About 64 KB of output rows.
    const int OutputsPerJob = 1 << 14, MaxTile = 8 * 32;

    static int Height => V.Count == 16 ? 8 : 6;

    int RowsPerJob => Math.Clamp(OutputsPerJob / Math.Max(1, s.OutW * s.Co), 1, Math.Max(1, s.OutH));

    int BandsPerImage => (s.OutH + RowsPerJob - 1) / RowsPerJob;

    public int Jobs => s.N * BandsPerImage;

    public void Execute(int index)
    {
        (int n, int bandOfImage) = Math.DivRem(index, BandsPerImage);
        int i0 = bandOfImage * RowsPerJob, rows = Math.Min(RowsPerJob, s.OutH - i0), lanes = 2 * V.Count, k = s.Kh * s.Kw * s.Ci;
        PaddedBand band = new(s);
        using ScratchScope scratch = ScratchArena.Enter();
        float* p = scratch.Floats(band.Size(rows));
        band.Copy<V>(x + (long)n * s.H * s.W * s.Ci, i0, rows, p);
        for (int i = 0; i < rows; i++)
        {
            float* row = y + ((long)n * s.OutH + i0 + i) * s.OutW * s.Co;
            for (int o = 0; o < s.Co; o += lanes)
                Row(p + (long)i * s.Stride * band.Pitch, w + (long)o * k, constants + V.Count + o, row + o, Math.Min(lanes, s.Co - o));
            if (tanh) Simd.Run(new MapLoop<TanhOp>(row, row, s.OutW * s.Co, default));
        }
    }

    // Some outputs of one row.
    void Row(float* p, float* w, float* bias, float* row, int columns)
    {
        int step = s.Stride * s.Ci;
        float* tile = stackalloc float[MaxTile];
        for (int j = 0; j < s.OutW; j += Height)
        {
            if (columns == 2 * V.Count && s.OutW >= Height)
            {
                int from = Math.Min(j, s.OutW - Height);
                Tile(p + from * step, w, bias, row + (long)from * s.Co, s.Co, true);
                continue;
            }
            Tile(p + j * step, w, bias, tile, 2 * V.Count, columns > V.Count);
            for (int i = 0; i < Math.Min(Height, s.OutW - j); i++)
                new ReadOnlySpan<float>(tile + i * 2 * V.Count, columns).CopyTo(new Span<float>(row + (long)(j + i) * s.Co, columns));
        }
    }

    void Tile(float* p, float* w, float* bias, float* y, nint ldy, bool wide)
    {
        nint k = s.Kh * s.Kw * s.Ci, step = s.Stride * s.Ci;
        if (V.Count == 16)
        {
            if (wide) WindowTiles.Pixels8x2<V>(k, p, offsets, step, w, bias, constants, y, ldy);
            else WindowTiles.Pixels8x1<V>(k, p, offsets, step, w, bias, constants, y, ldy);
        }
        else if (wide) WindowTiles.Pixels6x2<V>(k, p, offsets, step, w, bias, constants, y, ldy);
        else WindowTiles.Pixels6x1<V>(k, p, offsets, step, w, bias, constants, y, ldy);
    }
}
