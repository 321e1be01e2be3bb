using ILGPU;

namespace Sagan.Native.Kernels;

// Streaming attention, backward; the shapes as in GpuAttentionForwardKernels.cs, g = dL/do [B,N,dv].
//
//   A = exp(s - m) / z;  dV = A^T g;  dA = g v^T;  dE = A * (dA - rowsum(g * o));  dQ = scale dE k;  dK = scale dE^T q
//   Source: Dao et al. 2022 (FlashAttention), algorithm 4.
//
// Four kernels: rowsum(g * o); dV; dK with parts of dQ; the sum of those parts. In the second and third a thread block of 128 threads owns
// 64 keys and walks over the queries, 32 at a time; what it owns is summed in registers.
//
//   dV   p [32 queries, 64 keys] = 2^(q k^T - m - log2 z), 4 x 4 a thread, to shared memory;  dV [64 keys, 64 channels] += p^T g, 8 x 4 a
//        thread: the forward pass with the sides exchanged and no maximum to look for. Two barriers a step.
//   dK   s [64 keys, 32 queries] and dA over all of dv in pieces of 64, 4 x 4 of each a thread, from transposed pieces of k, q, v, g;
//        ds = p * (dA - rowsum) to shared memory as [key, query];
//        dK [64 keys, 16 of dk] += ds q: 2 keys x 4 columns a thread, products of four queries at once;
//        dQ part [32 queries, 16 of dk] = ds^T k: 4 queries x 1 column a thread. Three barriers a step.
//
// No atomics: the keys are cut into chunks of whole tiles, every chunk writes a part of dQ [dk, N] and the parts are added in chunk order.
// Beyond the first tile of a chunk a part is added to by the threads that wrote it. The cut depends on the sizes alone. dk > 16 makes more
// thread blocks, which make ds again.
// Work: 2 B N M (4 dk + 2 dv) flops for dk <= 16 and dv <= 64 (the scores are made twice; once more for every further 64 of dv); 2 B N M
// exponentials: bound by arithmetic. Shared memory: 23 and 43 KB.
// Remainders: queries beyond the last have ds = 0 because their g and rowsum are 0, keys beyond the last are told apart. Sums in float.

/// <summary>rowDots_i = sum_c g[i,c] o[i,c] and logs_i = log2 sums_i: sixteen threads a row, sixteen rows a thread block.</summary>
readonly struct GpuAttentionRowsKernel(ArrayView<float> g, ArrayView<float> o, ArrayView<float> sums, ArrayView<float> rowDots,
    ArrayView<float> logs, int rows, int width) : IGpuBlockKernel
{
    public const int Rows = 16;

    public void Run()
    {
        ArrayView<float> parts = SharedMemory.Allocate<float>(16 * Rows);
        int t = Group.IdxX, r = Rows * Grid.IdxX + (t >> 4);
        float sum = 0;
        if (r < rows)
            for (int c = t & 15; c < width; c += 16) sum += g[r * width + c] * o[r * width + c];
        parts[Rows * (t & 15) + (t >> 4)] = sum;
        Group.Barrier();
        if (t >= Rows || Rows * Grid.IdxX + t >= rows) return;
        float total = parts[t];
        for (int i = 1; i < 16; i++) total += parts[Rows * i + t];
        r = Rows * Grid.IdxX + t;
        rowDots[r] = total;
        logs[r] = SimdMath.Log(new GpuLane(sums[r])).Value * SimdMath.Log2E;
    }
}

/// <summary>dV = A^T g. Grid: X = B times tiles of keys, Y = 64 channels each.</summary>
readonly struct GpuAttentionValueGradKernel(ArrayView<float> q, ArrayView<float> k, ArrayView<float> maxima, ArrayView<float> logs,
    ArrayView<float> g, ArrayView<float> dv, int n, int m, int depth, int width, float sign, float unit, int tiles) : IGpuBlockKernel
{
    const int BlockM = GpuAttentionTile.BlockM, BlockN = GpuAttentionTile.BlockN, Depth = GpuAttentionTile.Depth;
    const int BlockMVec4s = GpuAttentionTile.BlockMVec4s, BlockNVec4s = GpuAttentionTile.BlockNVec4s;

    public void Run()
    {
        ArrayView<GpuFloat4> k4 = SharedMemory.Allocate<GpuFloat4>(Depth * BlockMVec4s),
            q4 = SharedMemory.Allocate<GpuFloat4>(Depth * BlockNVec4s);
        ArrayView<GpuFloat4> p = SharedMemory.Allocate<GpuFloat4>(BlockN * BlockM / 4),
            values = SharedMemory.Allocate<GpuFloat4>(BlockN * GpuAttentionTile.Width / 4);
        int b = (int)((uint)Grid.IdxX / (uint)tiles), j0 = (Grid.IdxX - b * tiles) * BlockM, keys = m - j0 < BlockM ? m - j0 : BlockM;
        int key = b * m + j0, c0 = Grid.IdxY * GpuAttentionTile.Width;
        // In the product with g: 8 keys, 4 channels. In the scores: 4 keys, 4 queries.
        int j8 = Group.IdxX >> 4, c = Group.IdxX & 15, j4 = Group.IdxX & 15, i4 = Group.IdxX >> 4;
        GpuTile4x4 upper = default, lower = default;

        for (int i0 = 0; i0 < n; i0 += BlockN)
        {
            int queries = n - i0 < BlockN ? n - i0 : BlockN, query = b * n + i0;
            GpuTile4x4 s = default;
            for (int d0 = 0; d0 < depth; d0 += Depth)
            {
                if (d0 > 0) Group.Barrier();
                if (depth > Depth || i0 == 0)
                    GpuAttentionTile.LoadTransposed(k4.Cast<float>(), GpuAttentionTile.BlockMStride, Depth, BlockM, k, key * depth, keys,
                        depth, d0);
                GpuAttentionTile.LoadTransposed(q4.Cast<float>(), GpuAttentionTile.BlockNStride, Depth, BlockN, q, query * depth, queries,
                    depth, d0);
                Group.Barrier();
                GpuAttentionTile.AddProducts(ref s, q4, BlockNVec4s, i4, k4, BlockMVec4s, j4, depth - d0 < Depth ? depth - d0 : Depth);
            }
            p[64 * i4 + j4] = Weight(s.R0, query, 4 * i4, queries);
            p[64 * i4 + 16 + j4] = Weight(s.R1, query, 4 * i4 + 1, queries);
            p[64 * i4 + 32 + j4] = Weight(s.R2, query, 4 * i4 + 2, queries);
            p[64 * i4 + 48 + j4] = Weight(s.R3, query, 4 * i4 + 3, queries);
            GpuAttentionTile.LoadRows(values, g, query * width, queries, width, c0);
            Group.Barrier();
            GpuAttentionTile.AddWeighted(ref upper, ref lower, p, j8, values, c);
        }
        GpuAttentionTile.StoreTile(dv, key * width, 8 * j8, keys, c0 + 4 * c, width, upper);
        GpuAttentionTile.StoreTile(dv, key * width, 8 * j8 + 4, keys, c0 + 4 * c, width, lower);
    }

    // 2^(unit (score - maximum) - log2 z) of query i and four keys. Here and below scores have the sign of q . k.
    GpuFloat4 Weight(GpuFloat4 score, int query, int i, int queries)
    {
        GpuFloat4 w = default;
        if (i < queries)
        {
            float top = sign * maxima[query + i], l = logs[query + i];
            w = GpuAttentionTile.Exp2(sign * unit * (score - new GpuFloat4(top, top, top, top)) - new GpuFloat4(l, l, l, l));
        }
        return w;
    }
}

/// <summary>
/// dK, and a part of dQ / scale for every chunk of keys: parts[b, chunk, d, query], a row filled up to whole steps. Grid: X = B times
/// chunks, Y = 16 of dk each.
/// </summary>
readonly struct GpuAttentionKeyGradKernel(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, ArrayView<float> maxima,
    ArrayView<float> logs,
    ArrayView<float> rowDots, ArrayView<float> g, ArrayView<float> dk, ArrayView<GpuFloat4> parts, int n, int m, int depth, int width,
    float scale, float sign, float unit, int chunks, int chunkKeys)
    : IGpuBlockKernel
{
    const int BlockM = GpuAttentionTile.BlockM, BlockN = GpuAttentionTile.BlockN, Depth = GpuAttentionTile.Depth,
        Width = GpuAttentionTile.Width;
    const int BlockMVec4s = GpuAttentionTile.BlockMVec4s, BlockNVec4s = GpuAttentionTile.BlockNVec4s;

    public void Run()
    {
        ArrayView<GpuFloat4> k4 = SharedMemory.Allocate<GpuFloat4>(Depth * BlockMVec4s),
            q4 = SharedMemory.Allocate<GpuFloat4>(Depth * BlockNVec4s);
        ArrayView<GpuFloat4> v4 = SharedMemory.Allocate<GpuFloat4>(Width * BlockMVec4s),
            g4 = SharedMemory.Allocate<GpuFloat4>(Width * BlockNVec4s);
        ArrayView<GpuFloat4> ds = SharedMemory.Allocate<GpuFloat4>(BlockM * BlockNVec4s);
        int b = (int)((uint)Grid.IdxX / (uint)chunks), begin = (Grid.IdxX - b * chunks) * chunkKeys, end = m - begin < chunkKeys ? m
            : begin + chunkKeys;
        int rowVec4s = (n + BlockN - 1) / BlockN * (BlockN / 4);
        // In the scores: 4 keys, 4 queries. In dK: 2 keys, 4 columns 4 apart. In dQ: the same 4 queries, 1 column.
        int t = Group.IdxX, j4 = t >> 3, i4 = t & 7, j2 = t >> 2, d4 = t & 3, d = Depth * Grid.IdxY + (t >> 3);

        for (int j0 = begin; j0 < end; j0 += BlockM)
        {
            int keys = m - j0 < BlockM ? m - j0 : BlockM, key = b * m + j0;
            GpuFloat4 dk0 = default, dk1 = default;
            for (int i0 = 0; i0 < n; i0 += BlockN)
            {
                int queries = n - i0 < BlockN ? n - i0 : BlockN, query = b * n + i0;
                GpuTile4x4 s = default, da = default;
                Scores(ref s, ref da, k4, q4, v4, g4, key, keys, query, queries, i0 == 0);

                int i = query + 4 * i4, left = queries - 4 * i4;
                GpuFloat4 top = sign * LoadVec4(maxima, i, left), l = LoadVec4(logs, i, left), r = LoadVec4(rowDots, i, left);
                ds[4 * j4 * BlockNVec4s + i4] = ScoreGradient(s.R0, da.R0, top, l, r, 4 * j4 < keys);
                ds[(4 * j4 + 1) * BlockNVec4s + i4] = ScoreGradient(s.R1, da.R1, top, l, r, 4 * j4 + 1 < keys);
                ds[(4 * j4 + 2) * BlockNVec4s + i4] = ScoreGradient(s.R2, da.R2, top, l, r, 4 * j4 + 2 < keys);
                ds[(4 * j4 + 3) * BlockNVec4s + i4] = ScoreGradient(s.R3, da.R3, top, l, r, 4 * j4 + 3 < keys);
                Group.Barrier();

                for (int w = 0; w < BlockN / 4; w++)
                {
                    GpuFloat4 e0 = ds[2 * j2 * BlockNVec4s + w], e1 = ds[(2 * j2 + 1) * BlockNVec4s + w];
                    GpuFloat4 a = q4[d4 * BlockNVec4s + w], c = q4[(d4 + 4) * BlockNVec4s + w];
                    dk0.X += Dot(e0, a);
                    dk0.Y += Dot(e0, c);
                    dk1.X += Dot(e1, a);
                    dk1.Y += Dot(e1, c);
                    if (depth > Depth / 2)
                    {
                        a = q4[(d4 + 8) * BlockNVec4s + w];
                        c = q4[(d4 + 12) * BlockNVec4s + w];
                        dk0.Z += Dot(e0, a);
                        dk0.W += Dot(e0, c);
                        dk1.Z += Dot(e1, a);
                        dk1.W += Dot(e1, c);
                    }
                }
                if (d < depth)
                {
                    int at = (Grid.IdxX * depth + d) * rowVec4s + (i0 >> 2) + i4;
                    GpuFloat4 dq = QueryGradient(ds, k4, t >> 3, i4);
                    if (j0 > begin) dq += parts[at];
                    parts[at] = dq;
                }
                // What follows overwrites q, k and ds.
                Group.Barrier();
            }
            Store(dk0, key, 2 * j2, keys, d4);
            Store(dk1, key, 2 * j2 + 1, keys, d4);
        }
    }

    // s = k q^T and da = v g^T for 4 keys and 4 queries. The thread block's own columns of k and q are the last to come and stay in shared
    // memory.
    void Scores(ref GpuTile4x4 s, ref GpuTile4x4 da, ArrayView<GpuFloat4> k4, ArrayView<GpuFloat4> q4, ArrayView<GpuFloat4> v4,
        ArrayView<GpuFloat4> g4, int key, int keys, int query, int queries, bool first)
    {
        int j4 = Group.IdxX >> 3, i4 = Group.IdxX & 7, pieces = (depth + Depth - 1) / Depth, d0 = Depth * Grid.IdxY;
        for (int c0 = 0; c0 < width; c0 += Width)
        {
            if (c0 > 0) Group.Barrier();
            if (width > Width || first) GpuAttentionTile.LoadTransposed(v4.Cast<float>(), GpuAttentionTile.BlockMStride, Width, BlockM, v,
                key * width, keys, width, c0);
            GpuAttentionTile.LoadTransposed(g4.Cast<float>(), GpuAttentionTile.BlockNStride, Width, BlockN, g, query * width, queries,
                width, c0);
            if (c0 + Width < width || pieces > 1)
            {
                Group.Barrier();
                GpuAttentionTile.AddProducts(ref da, v4, BlockMVec4s, j4, g4, BlockNVec4s, i4, width - c0 < Width ? width - c0 : Width);
            }
        }
        for (int piece = 0; piece < pieces; piece++)
        {
            if (piece > 0) Group.Barrier();
            d0 = d0 + Depth < depth ? d0 + Depth : 0;
            if (pieces > 1 || first) GpuAttentionTile.LoadTransposed(k4.Cast<float>(), GpuAttentionTile.BlockMStride, Depth, BlockM, k,
                key * depth, keys, depth, d0);
            GpuAttentionTile.LoadTransposed(q4.Cast<float>(), GpuAttentionTile.BlockNStride, Depth, BlockN, q, query * depth, queries,
                depth, d0);
            Group.Barrier();
            GpuAttentionTile.AddProducts(ref s, k4, BlockMVec4s, j4, q4, BlockNVec4s, i4, depth - d0 < Depth ? depth - d0 : Depth);
        }
        // With one piece of q and k the last piece of g and v shares its barrier.
        if (pieces == 1)
        {
            int last = (width - 1) / Width * Width;
            GpuAttentionTile.AddProducts(ref da, v4, BlockMVec4s, j4, g4, BlockNVec4s, i4, width - last);
        }
    }

    // p (da - rowsum(g * o)) of one key and four queries.
    GpuFloat4 ScoreGradient(GpuFloat4 score, GpuFloat4 da, GpuFloat4 top, GpuFloat4 log, GpuFloat4 rowDot, bool exists)
    {
        GpuFloat4 e = default;
        if (exists) e = GpuAttentionTile.Exp2(sign * unit * (score - top) - log) * (da - rowDot);
        return e;
    }

    // sum over the 64 keys of ds[key, 4 queries] k[key, d].
    static GpuFloat4 QueryGradient(ArrayView<GpuFloat4> ds, ArrayView<GpuFloat4> k4, int d, int i4)
    {
        GpuFloat4 dq = default;
        for (int j = 0; j < BlockM / 4; j++)
        {
            GpuFloat4 a = k4[d * BlockMVec4s + j];
            int row = 4 * j * BlockNVec4s + i4;
            dq.MultiplyAdd(a.X, ds[row]);
            dq.MultiplyAdd(a.Y, ds[row + BlockNVec4s]);
            dq.MultiplyAdd(a.Z, ds[row + 2 * BlockNVec4s]);
            dq.MultiplyAdd(a.W, ds[row + 3 * BlockNVec4s]);
        }
        return dq;
    }

    void Store(GpuFloat4 value, int key, int j, int keys, int d4)
    {
        if (j >= keys) return;
        int d = Depth * Grid.IdxY + d4, i = (key + j) * depth + d;
        if (d < depth) dk[i] = scale * value.X;
        if (d + 4 < depth) dk[i + 4] = scale * value.Y;
        if (d + 8 < depth) dk[i + 8] = scale * value.Z;
        if (d + 12 < depth) dk[i + 12] = scale * value.W;
    }

    // Four numbers of the queries from i on, 0 beyond the last of them.
    static GpuFloat4 LoadVec4(ArrayView<float> x, int i, int left) =>
        new(left > 0 ? x[i] : 0, left > 1 ? x[i + 1] : 0, left > 2 ? x[i + 2] : 0, left > 3 ? x[i + 3] : 0);

    static float Dot(GpuFloat4 a, GpuFloat4 b) => a.X * b.X + a.Y * b.Y + (a.Z * b.Z + a.W * b.W);
}

/// <summary>dq = scale times the sum of the chunks' parts, in order: four queries a thread.</summary>
readonly struct GpuAttentionQueryGradKernel(ArrayView<GpuFloat4> parts, ArrayView<float> dq, int batch, int n, int depth, float scale,
    int chunks) : IGpuKernel
{
    public void Run()
    {
        int rowVec4s = (n + GpuAttentionTile.BlockN - 1) / GpuAttentionTile.BlockN * (GpuAttentionTile.BlockN / 4), part = depth * rowVec4s,
            t = GpuThread.Index;
        if (t >= batch * part) return;
        int b = (int)((uint)t / (uint)part), i = t - b * part, d = (int)((uint)i / (uint)rowVec4s), query = 4 * (i - d * rowVec4s);
        GpuFloat4 sum = default;
        for (int c = 0; c < chunks; c++) sum += parts[(b * chunks + c) * part + i];
        int at = (b * n + query) * depth + d;
        if (query < n) dq[at] = scale * sum.X;
        if (query + 1 < n) dq[at + depth] = scale * sum.Y;
        if (query + 2 < n) dq[at + 2 * depth] = scale * sum.Z;
        if (query + 3 < n) dq[at + 3 * depth] = scale * sum.W;
    }
}
