using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// The gradient of the weights of <see cref="WinogradConv"/>, by the same products:
/// <code>
/// V = B^T d B    [point][tile, channel]   d the inputs of a tile, of one source
/// D = A dy A^T   [point][tile, output]
/// M = D^T V      [point][output, channel] a matrix product for each point, summed over tiles of every length
/// dg = G^T M G   [tap][output, channel]
/// </code>
/// D is made once for all jobs; a job makes V of 32 channels in its L2. Batches that are longer than that are done group by group of tile
/// rows, and M is kept between them. The groups depend on the sizes alone: so do the bits.
/// </summary>
readonly unsafe struct WinogradWeightGrad(WinogradPixels x, float* dy, WinogradWeights w, float* dw, in Conv2dSpec s) : ISimdLoop
{
    // Products of a group, for one channel of input and of output, and floats of V that a job makes: half a megabyte, or a little more with
    // 32 channels of the largest group.
    const int MaxProducts = 5120, ShareFloats = 1 << 17;

    const int MaxPanels = 8;

    readonly WinogradPixels x = x;
    readonly float* dy = dy, dw = dw;
    readonly WinogradWeights w = w;
    readonly Conv2dSpec s = s;
    readonly WinogradAxis rows = new(s.OutH, w.Taps), columns = new(s.OutW, w.Taps);

    int Points => rows.Points * columns.Points;

    static int Height<V>() where V : unmanaged, ISimd<V> => GemmPlan.TileRows(V.Count);

    static int Tile<V>() where V : unmanaged, ISimd<V> => Height<V>() * 2 * V.Count;

    int RowPanels<V>() where V : unmanaged, ISimd<V> => (s.Co + Height<V>() - 1) / Height<V>();

    int Panels<V>() where V : unmanaged, ISimd<V> => (s.Ci + 2 * V.Count - 1) / (2 * V.Count);

    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        int tileRows = s.N * rows.Tiles, panels = Panels<V>(), height = Height<V>();
        WinogradTiles all = new(rows, columns, 0, tileRows);
        int groups = Math.Clamp((all.Products + MaxProducts - 1) / MaxProducts, 1, tileRows);
        using ScratchScope scratch = ScratchArena.Enter();
        float* sums = groups == 1 ? null : scratch.Floats((long)x.Sources * panels * RowPanels<V>() * Points * Tile<V>());
        for (int g = 0; g < groups; g++)
        {
            using ScratchScope ofGroup = ScratchArena.Enter();
            (int from, int to) = GemmPlan.Share(tileRows, groups, g);
            WinogradTiles group = new(rows, columns, from, to);
            WinogradTile* tiles = ofGroup.Of<WinogradTile>(group.Count);
            group.List(tiles);
            float* d = ofGroup.Floats(RowPanels<V>() * ((long)group.Products * height + Points * 16));
            int parts = Math.Min(group.Count, 8 * WorkerPool.Threads);
            WorkerPool.Run(parts, new OutputPart<V>(this, group, tiles, d, parts));
            // As many panels a job as its L2 holds, if there are enough jobs then.
            int most = Math.Clamp(ShareFloats / (group.Products * 2 * V.Count), 1, MaxPanels);
            int channelParts = Math.Min(panels, Math.Max((panels + most - 1) / most, (2 * WorkerPool.Threads - 1) / x.Sources + 1));
            WorkerPool.Run(x.Sources * channelParts,
                new ChannelJob<V>(this, group, tiles, d, sums, channelParts, g == 0, g == groups - 1));
        }
    }

    // Between the panels of D at one point: a cache line more, or they would share one cache set.
    static long PanelSize<V>(int tiles) where V : unmanaged, ISimd<V> => (long)tiles * Height<V>() + 16;

    /// <summary>D of some tiles, for all jobs.</summary>
    readonly struct OutputPart<V>(WinogradWeightGrad grad, WinogradTiles group, WinogradTile* tiles, float* d, int parts) : IJob
        where V : unmanaged, ISimd<V>
    {
        public void Execute(int index)
        {
            (int from, int to) = GemmPlan.Share(group.Count, parts, index);
            int co = grad.s.Co, height = Height<V>(), taps = grad.w.Taps;
            long row = (long)grad.s.OutW * co;
            using ScratchScope scratch = ScratchArena.Enter();
            float** g = stackalloc float*[9], u = stackalloc float*[16], panels = stackalloc float*[16];
            int* first = stackalloc int[16];
            long* size = stackalloc long[16];
            float* p = d;
            for (int i = 0; i < grad.rows.Points; i++)
                for (int j = 0; j < grad.columns.Points; j++)
                {
                    int at = 4 * i + j;
                    (first[at], int count) = group.At(i, j);
                    size[at] = PanelSize<V>(count);
                    panels[at] = p;
                    p += size[at] * grad.RowPanels<V>();
                    u[at] = scratch.Floats(co);
                }
            for (int t = from; t < to; t++)
            {
                WinogradTile tile = tiles[t];
                int rowSize = tile.RowPoints + 1 - taps, columnSize = tile.ColumnPoints + 1 - taps;
                float* y = grad.dy + ((tile.Image * grad.s.OutH + tile.Row) * row + (long)tile.Column * co);
                for (int a = 0; a < rowSize; a++)
                    for (int b = 0; b < columnSize; b++) g[3 * a + b] = y + a * row + b * co;
                WinogradTransforms.Values<V>(tile.RowPoints, rowSize, tile.ColumnPoints, columnSize, g, u, 0, co);
                for (int i = 0; i < tile.RowPoints; i++)
                    for (int j = 0; j < tile.ColumnPoints; j++)
                    {
                        int at = 4 * i + j;
                        PackTools.Spread<V>(u[at], co, panels[at] + (long)(t - first[at]) * height, height, size[at]);
                    }
            }
        }
    }

    /// <summary>The gradient of all weights of some panels, of two vectors of channels each, of one source.</summary>
    readonly struct ChannelJob<V>(WinogradWeightGrad grad, WinogradTiles group, WinogradTile* tiles, float* d, float* sums, int parts,
        bool isFirst, bool isLast) : IJob
        where V : unmanaged, ISimd<V>
    {
        public void Execute(int index)
        {
            (int source, int part) = Math.DivRem(index, parts);
            (int from, int to) = GemmPlan.Share(grad.Panels<V>(), parts, part);
            int lanes = 2 * V.Count;
            using ScratchScope scratch = ScratchArena.Enter();
            float** v = stackalloc float*[16 * MaxPanels];
            for (int panel = from; panel < to; panel++)
            {
                float** ofPanel = v + 16 * (panel - from);
                group.Lay(scratch.Floats(group.Floats(lanes, 0)), lanes, ofPanel);
                grad.x.TransformLanes<V>(tiles, group.Count, source, panel * lanes, Math.Min(lanes, grad.s.Ci - panel * lanes), ofPanel,
                    lanes);
            }
            long size = (long)grad.Points * Tile<V>();
            float* m = sums == null ? scratch.Floats(size) : sums + (source * grad.Panels<V>() + from) * grad.RowPanels<V>() * size;
            float* buffer = scratch.Floats(Tile<V>());
            // Output by output, so that the gradient of an output's weights is written in long runs.
            for (int r = 0; r < grad.RowPanels<V>(); r++)
                for (int panel = from; panel < to; panel++)
                    Multiply(r, source, panel, v + 16 * (panel - from),
                        sums == null ? m : m + ((panel - from) * grad.RowPanels<V>() + r) * size, buffer);
        }

        // By itself, since the loops of a method that has to end a scope are compiled less well.
        [MethodImpl(MethodImplOptions.NoInlining)]
        void Multiply(int r, int source, int panel, float** v, float* m, float* buffer)
        {
            int height = Height<V>(), lanes = 2 * V.Count, taps = grad.w.Taps, c = panel * lanes, n = Math.Min(lanes, grad.s.Ci - c);
            int outputs = Math.Min(height, grad.s.Co - r * height);
            float** at = stackalloc float*[16];
            float* left = d, dw = grad.dw + (long)r * height * grad.w.Pitch + c;
            // What is written at the end is on its way to the cache meanwhile.
            if (isLast)
                for (int o = 0; o < outputs; o++)
                    for (int a = 0; a < taps; a++)
                        for (int b = 0; b < taps; b++) PackTools.Prefetch(dw + (long)o * grad.w.Pitch + grad.w.Tap(a, b, source), n);
            for (int i = 0; i < grad.rows.Points; i++)
                for (int j = 0; j < grad.columns.Points; j++, m += Tile<V>())
                {
                    (int first, int count) = group.At(i, j);
                    long size = PanelSize<V>(count);
                    Tiles.Run<V, ColumnOperand>(outputs, n > V.Count, count, left + r * size, height, v[4 * i + j] + (long)first * lanes,
                        lanes, isFirst ? m : buffer);
                    at[4 * i + j] = m;
                    left += size * grad.RowPanels<V>();
                    if (isFirst) continue;
                    for (int l = 0; l < outputs * lanes; l += V.Count) (V.Load(m + l) + V.Load(buffer + l)).Store(m + l);
                }
            if (!isLast) return;
            dw += grad.w.Tap(0, 0, source);
            for (int o = 0; o < outputs; o++, dw += grad.w.Pitch)
                grad.w.Output.Store<V>(grad.rows.Points, taps, grad.columns.Points, taps, at, o * lanes, dw, 0, n);
        }
    }
}
