using ILGPU;

namespace Sagan.Native.Kernels;

// Streaming attention, forward. q [B,N,dk]  k [B,M,dk]  v [B,M,dv]  o [B,N,dv]  rows [2,B,N] = (m, z); no [N,M] matrix exists at any time.
//
//   A = softmax_j(scale q_i . k_j);  o = A v
//   m_i = max_j (+-q_i . k_j), the sign that of scale;  z_i = sum_j exp(|scale| (+-q_i . k_j - m_i))
//   Source: Dao et al. 2022 (FlashAttention), algorithm 1, with the queries outside as in Dao 2023.
//
// A thread block of 128 threads owns 64 queries and 64 channels of o and walks over the keys, 32 at a time. Per step:
//
//   s [32 keys, 64 queries]      a thread has 4 keys x 4 queries in registers:    s += k^T q from transposed pieces of 16 of dk
//   running maximum of a query   over its 32 scores: 4 in the thread, 8 threads through shared memory
//   p = 2^(s - maximum)          to shared memory as [key, query]; the sum over the keys stays in the thread until the end
//   o [64 queries, 64 channels]  a thread has 8 queries x 4 channels in registers: o = o 2^(old maximum - new) + p^T v, three 16-byte loads
//                                of shared memory for 32 multiply-adds
//
// Three barriers a step. Scores are q . k with the sign of scale, multiplied by `unit` = |scale| / log 2 only after the maximum was
// subtracted. With dk <= 16 q is loaded once; else q and k pass by in pieces of 16. dv > 64 makes more thread blocks, which make the scores
// again: (dk + about 20) / dv of the work. Keys beyond the last get weight 0, queries beyond the last are computed from zeros and dropped.
// Work: 2 B N M (dk ceil(dv / 64) + dv) flops, B N M ceil(dv / 64) exponentials; every key and value is read by N / 64 thread blocks: bound
// by arithmetic.
// Shared memory: 26 KB. Numerics: sums in float, 2^x within 2.5e-7 (AttentionMath). A NaN in a query stays in its o, m and z.

/// <summary>Grid: X = B times tiles of queries, Y = 64 channels each.</summary>
readonly struct GpuAttentionKernel(ArrayView<float> q, ArrayView<float> k, ArrayView<float> v, ArrayView<float> o,
    ArrayView<float> rowMaxima, ArrayView<float> rowSums, int n, int m, int dk, int dv, float sign, float unit, int tiles) : IGpuBlockKernel
{
    const int BlockM = GpuAttentionTile.BlockM, BlockN = GpuAttentionTile.BlockN, Depth = GpuAttentionTile.Depth;
    const int BlockMVec4s = GpuAttentionTile.BlockMVec4s, BlockNVec4s = GpuAttentionTile.BlockNVec4s;

    public void Run()
    {
        ArrayView<GpuFloat4> q4 = SharedMemory.Allocate<GpuFloat4>(Depth * BlockMVec4s),
            k4 = SharedMemory.Allocate<GpuFloat4>(Depth * BlockNVec4s);
        ArrayView<GpuFloat4> p = SharedMemory.Allocate<GpuFloat4>(BlockN * BlockM / 4),
            values = SharedMemory.Allocate<GpuFloat4>(BlockN * GpuAttentionTile.Width / 4);
        // By eight thread blocks of keys: maxima, then sums, of 64 queries; and the factors by which the queries' o are multiplied.
        ArrayView<GpuFloat4> rows = SharedMemory.Allocate<GpuFloat4>(8 * BlockM / 4),
            factors = SharedMemory.Allocate<GpuFloat4>(BlockM / 4);

        int b = (int)((uint)Grid.IdxX / (uint)tiles), i0 = (Grid.IdxX - b * tiles) * BlockM, queries = n - i0 < BlockM ? n - i0 : BlockM;
        int query = (b * n + i0) * dk, c0 = Grid.IdxY * GpuAttentionTile.Width;
        // In the product with v: 8 queries, 4 channels. In the scores: 4 queries, 4 keys.
        int i8 = Group.IdxX >> 4, c = Group.IdxX & 15, i4 = Group.IdxX & 15, j4 = Group.IdxX >> 4;
        // Not minus infinity: scores of that, before any other, would make it NaN. A row that has no other ends as 0 / 0.
        const float Lowest = float.MinValue;
        GpuFloat4 max = new(Lowest, Lowest, Lowest, Lowest), sum = default;
        GpuTile4x4 upper = default, lower = default;

        for (int j0 = 0; j0 < m; j0 += BlockN)
        {
            int keys = m - j0 < BlockN ? m - j0 : BlockN, key = b * m + j0;
            GpuTile4x4 s = default;
            for (int d0 = 0; d0 < dk; d0 += Depth)
            {
                // What is written over was read before the last barrier but one, save by the piece before this one.
                if (d0 > 0) Group.Barrier();
                if (dk > Depth || j0 == 0)
                    GpuAttentionTile.LoadTransposed(q4.Cast<float>(), GpuAttentionTile.BlockMStride, Depth, BlockM, q, query, queries, dk,
                        d0);
                GpuAttentionTile.LoadTransposed(k4.Cast<float>(), GpuAttentionTile.BlockNStride, Depth, BlockN, k, key * dk, keys, dk, d0);
                Group.Barrier();
                GpuAttentionTile.AddProducts(ref s, k4, BlockNVec4s, j4, q4, BlockMVec4s, i4, dk - d0 < Depth ? dk - d0 : Depth);
            }
            if (sign < 0) s.ScaleRows(new GpuFloat4(sign, sign, sign, sign));
            if (4 * j4 >= keys) s.R0 = max;
            if (4 * j4 + 1 >= keys) s.R1 = max;
            if (4 * j4 + 2 >= keys) s.R2 = max;
            if (4 * j4 + 3 >= keys) s.R3 = max;
            rows[16 * j4 + i4] = Larger(Larger(s.R0, s.R1), Larger(s.R2, s.R3));
            GpuAttentionTile.LoadRows(values, v, key * dv, keys, dv, c0);
            Group.Barrier();

            GpuFloat4 old = max;
            for (int g = 0; g < 8; g++) max = Larger(rows[16 * g + i4], max);
            GpuFloat4 factor = GpuAttentionTile.Exp2(unit * (old - max));
            s.R0 = Weight(s.R0, max, 4 * j4, keys);
            s.R1 = Weight(s.R1, max, 4 * j4 + 1, keys);
            s.R2 = Weight(s.R2, max, 4 * j4 + 2, keys);
            s.R3 = Weight(s.R3, max, 4 * j4 + 3, keys);
            sum = factor * sum + (s.R0 + s.R1 + (s.R2 + s.R3));
            p[64 * j4 + i4] = s.R0;
            p[64 * j4 + 16 + i4] = s.R1;
            p[64 * j4 + 32 + i4] = s.R2;
            p[64 * j4 + 48 + i4] = s.R3;
            if (j4 == 0) factors[i4] = factor;
            Group.Barrier();

            upper.ScaleRows(factors[2 * i8]);
            lower.ScaleRows(factors[2 * i8 + 1]);
            GpuAttentionTile.AddWeighted(ref upper, ref lower, p, i8, values, c);
        }

        // Sums and factors take the place of what the last step has read.
        Group.Barrier();
        rows[16 * j4 + i4] = sum;
        Group.Barrier();
        if (j4 == 0)
        {
            for (int g = 1; g < 8; g++) sum += rows[16 * g + i4];
            factors[i4] = new GpuFloat4(1 / sum.X, 1 / sum.Y, 1 / sum.Z, 1 / sum.W);
            if (Grid.IdxY == 0)
            {
                int i = b * n + i0 + 4 * i4;
                if (4 * i4 < queries) StoreRow(i, max.X, sum.X);
                if (4 * i4 + 1 < queries) StoreRow(i + 1, max.Y, sum.Y);
                if (4 * i4 + 2 < queries) StoreRow(i + 2, max.Z, sum.Z);
                if (4 * i4 + 3 < queries) StoreRow(i + 3, max.W, sum.W);
            }
        }
        Group.Barrier();
        upper.ScaleRows(factors[2 * i8]);
        lower.ScaleRows(factors[2 * i8 + 1]);
        int output = (b * n + i0) * dv;
        GpuAttentionTile.StoreTile(o, output, 8 * i8, queries, c0 + 4 * c, dv, upper);
        GpuAttentionTile.StoreTile(o, output, 8 * i8 + 4, queries, c0 + 4 * c, dv, lower);
    }

    // A NaN among the scores is passed over here and shows in the exponentials.
    static GpuFloat4 Larger(GpuFloat4 a, GpuFloat4 b) =>
        new(a.X > b.X ? a.X : b.X, a.Y > b.Y ? a.Y : b.Y, a.Z > b.Z ? a.Z : b.Z, a.W > b.W ? a.W : b.W);

    // 2^(unit (score - max)) for key j of four queries.
    GpuFloat4 Weight(GpuFloat4 score, GpuFloat4 max, int j, int keys)
    {
        GpuFloat4 w = default;
        if (j < keys) w = GpuAttentionTile.Exp2(unit * (score - max));
        return w;
    }

    void StoreRow(int i, float max, float sum)
    {
        rowMaxima[i] = max;
        rowSums[i] = sum;
    }
}
