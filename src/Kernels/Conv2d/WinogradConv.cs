namespace Sagan.Native.Kernels;

/// <summary>
/// A convolution of stride 1 with 2x2 or 3x3 taps, summed over sources, by Winograd's products (WinogradPoints.cs):
/// <code>
/// V = B^T d B    [point][tile, k]      k = (source, channel), d the inputs of a tile
/// U = G g G^T    [point][k, output]
/// M = V U        [point][tile, output] a matrix product for each point
/// y = act(scale A^T M A + bias)
/// </code>
/// For 16x16 outputs, 484 products take the place of 1,024 with 2x2 taps (tiles of 3x3, 3x2 and 2x2 outputs), 1,024 of 2,304 with 3x3 taps.
/// <para>
/// The larger of V and U is never whole in memory: a job makes its share of it in its L2, some tile rows or 32 outputs, and multiplies it
/// by all of the other, which is made once for all jobs. M of a job stays in its L2 too.
/// </para>
/// </summary>
readonly unsafe struct WinogradConv(WinogradPixels x, WinogradWeights w, float* y, long image, WinogradOutput output, WinogradAxis rows,
    WinogradAxis columns, int images) : ISimdLoop
{
    readonly WinogradPixels x = x;
    readonly WinogradWeights w = w;
    // The first output of the first image, and floats from one image to the next.
    readonly float* y = y;
    readonly long image = image;
    readonly WinogradOutput output = output;
    readonly WinogradAxis rows = rows, columns = columns;
    readonly int images = images;

    // Floats of V that a job makes for itself: half a megabyte.
    const int ShareFloats = 1 << 17;

    int Inputs => w.Inputs;

    int TileRows => images * rows.Tiles;

    int Points => rows.Points * columns.Points;

    // Between the rows of V: a whole number of cache lines, and no power of two, which would put 12 rows into the same cache set.
    int Pitch => ((Inputs + 15) & ~15) + 16;

    static int Height<V>() where V : unmanaged, ISimd<V> => GemmPlan.TileRows(V.Count);

    int Panels<V>() where V : unmanaged, ISimd<V> => (w.Outputs + 2 * V.Count - 1) / (2 * V.Count);

    public void Run<V>() where V : unmanaged, ISimd<V>
    {
        using ScratchScope scratch = ScratchArena.Enter();
        WinogradTiles all = new(rows, columns, 0, TileRows);
        if (all.Products < Points * w.Outputs)
        {
            // One group of all tiles.
            WinogradTile* tiles = scratch.Of<WinogradTile>(all.Count);
            all.List(tiles);
            float* v = scratch.Floats(all.Floats(Pitch, Height<V>()));
            int parts = Math.Min(all.Count, 8 * WorkerPool.Threads);
            WorkerPool.Run(parts, new InputPart<V>(this, all, tiles, v, parts));
            WorkerPool.Run(Panels<V>(), new OwnWeights<V>(this, all, tiles, v));
            return;
        }
        int panels = Panels<V>();
        float* u = scratch.Floats((long)Points * panels * PanelSize<V>(Inputs));
        int blocks = Math.Max(1, Math.Min(Inputs / 32, 8 * WorkerPool.Threads / panels));
        WorkerPool.Run(panels * blocks, new WeightPart<V>(this, u, blocks));
        int most = Math.Max(1, ShareFloats / (Inputs * columns.Products * 4)), groups = Math.Max((TileRows + most - 1) / most, 1);
        int threads = WorkerPool.Threads;
        if (groups > threads) groups = (groups + threads - 1) / threads * threads;
        else groups = Math.Min(threads, TileRows);
        groups = Math.Min(groups, TileRows);
        WorkerPool.Run(groups, new OwnInputs<V>(this, u, groups));
    }

    // A panel of U, and a cache line: panels are filled side by side, and would share one cache set.
    static long PanelSize<V>(int depth) where V : unmanaged, ISimd<V> => 2L * V.Count * depth + 16;

    // M = V U at every point, for one panel of outputs; uPoint floats of U from point to point. An element is one chain of multiply-adds,
    // in whichever group, batch and thread it is made.
    void Multiply<V>(in WinogradTiles tiles, float** v, float* u, long uPoint, int panel, float** m) where V : unmanaged, ISimd<V>
    {
        int height = Height<V>(), lanes = 2 * V.Count;
        bool wide = w.Outputs - panel * lanes > V.Count;
        for (int i = 0; i < rows.Points; i++)
            for (int j = 0; j < columns.Points; j++, u += uPoint)
            {
                (int from, int count) = tiles.At(i, j);
                float* a = v[4 * i + j], c = m[4 * i + j];
                // What the last rows write too much, the next point overwrites.
                for (int t = from; t < from + count; t += height)
                    Tiles.Run<V, RowOperand>(Math.Min(height, from + count - t), wide, Inputs, a + t * (nint)Pitch, Pitch, u, lanes,
                        c + (nint)t * lanes);
            }
    }

    void Store<V>(in WinogradTile tile, float** m, nint at, int panel) where V : unmanaged, ISimd<V>
    {
        int lane = panel * 2 * V.Count;
        output.Store<V>(tile.RowPoints, tile.RowPoints + 1 - w.Taps, tile.ColumnPoints, tile.ColumnPoints + 1 - w.Taps, m, at,
            y + tile.Image * image + output.At(tile.Row, tile.Column) + lane, lane, Math.Min(2 * V.Count, w.Outputs - lane));
    }

    /// <summary>V of some tiles, for all jobs.</summary>
    readonly struct InputPart<V>(WinogradConv conv, WinogradTiles group, WinogradTile* tiles, float* v, int parts) : IJob
        where V : unmanaged, ISimd<V>
    {
        public void Execute(int index)
        {
            float** at = stackalloc float*[16];
            group.Lay(v, conv.Pitch, at);
            (int from, int to) = GemmPlan.Share(group.Count, parts, index);
            conv.x.Transform<V>(tiles, from, to, at, conv.Pitch);
        }
    }

    /// <summary>U of one panel and some steps of k, for all jobs.</summary>
    readonly struct WeightPart<V>(WinogradConv conv, float* u, int blocks) : IJob where V : unmanaged, ISimd<V>
    {
        public void Execute(int index)
        {
            (int panel, int block) = Math.DivRem(index, blocks);
            (int k0, int k1) = GemmPlan.Share(conv.Inputs, blocks, block);
            long size = PanelSize<V>(conv.Inputs);
            conv.MakeWeights<V>(u + panel * size + 2L * V.Count * k0, conv.Panels<V>() * size, panel, k0, k1 - k0);
        }
    }

    // U of one panel; points are uPoint floats apart.
    void MakeWeights<V>(float* u, long uPoint, int panel, int first, int depth) where V : unmanaged, ISimd<V>
    {
        float** at = stackalloc float*[16];
        for (int i = 0; i < rows.Points; i++)
            for (int j = 0; j < columns.Points; j++, u += uPoint) at[4 * i + j] = u;
        w.Transform<V>(rows.Points, columns.Points, panel * 2 * V.Count, first, depth, at);
    }

    /// <summary>All outputs of some tile rows.</summary>
    readonly struct OwnInputs<V>(WinogradConv conv, float* u, int groups) : IJob where V : unmanaged, ISimd<V>
    {
        public void Execute(int index)
        {
            (int from, int to) = GemmPlan.Share(conv.TileRows, groups, index);
            WinogradTiles group = new(conv.rows, conv.columns, from, to);
            int count = group.Count, lanes = 2 * V.Count;
            using ScratchScope scratch = ScratchArena.Enter();
            WinogradTile* tiles = scratch.Of<WinogradTile>(count);
            group.List(tiles);
            float** v = stackalloc float*[16];
            group.Lay(scratch.Floats(group.Floats(conv.Pitch, Height<V>())), conv.Pitch, v);
            float** m = stackalloc float*[16];
            group.Lay(scratch.Floats(group.Floats(lanes, Height<V>())), lanes, m);
            conv.x.Transform<V>(tiles, 0, count, v, conv.Pitch);
            int panels = conv.Panels<V>();
            long size = PanelSize<V>(conv.Inputs);
            for (int panel = 0; panel < panels; panel++)
            {
                conv.Multiply<V>(group, v, u + panel * size, panels * size, panel, m);
                for (int t = 0; t < count; t++) conv.Store<V>(tiles[t], m, t * lanes, panel);
            }
        }
    }

    /// <summary>One panel of outputs of all tiles.</summary>
    readonly struct OwnWeights<V>(WinogradConv conv, WinogradTiles group, WinogradTile* tiles, float* v) : IJob
        where V : unmanaged, ISimd<V>
    {
        public void Execute(int panel)
        {
            int lanes = 2 * V.Count;
            long size = PanelSize<V>(conv.Inputs);
            using ScratchScope scratch = ScratchArena.Enter();
            float* u = scratch.Floats(conv.Points * size);
            float** at = stackalloc float*[16], m = stackalloc float*[16];
            group.Lay(v, conv.Pitch, at);
            group.Lay(scratch.Floats(group.Floats(lanes, Height<V>())), lanes, m);
            conv.MakeWeights<V>(u, size, panel, 0, conv.Inputs);
            conv.Multiply<V>(group, at, u, size, panel, m);
            for (int t = 0; t < group.Count; t++) conv.Store<V>(tiles[t], m, t * lanes, panel);
        }
    }
}
