namespace Sagan.Native.Kernels;

// Streaming attention. q [B,N,dk]  k [B,M,dk]  v [B,M,dv]  g = dL/do and o [B,N,dv]; no [N,M] matrix exists at any time.
//
//   forward    A = softmax_j(scale q_i . k_j);  o = A v
//              m_i = max_j (+-q_i . k_j), the sign that of scale;  z_i = sum_j exp(|scale| (+-q_i . k_j - m_i))
//   backward   A = exp(|scale| (+-q k^T - m)) / z;  dV = A^T g;  dA = g v^T;  dE = A * (dA - rowsum(g * o))
//              dQ = scale dE k;  dK = scale dE^T q
//   Source: Dao et al. 2022 (FlashAttention), algorithms 2 and 4; spread over jobs and laid out for vectors as told here.
//
// Every product is C [rows, w lanes] (+)= A [rows, depth] panel [depth, w], w = two vectors (AttentionMicrokernels): A is read by single
// elements wherever it lies, the panel and C by whole vectors. Scores are made as a panel with the side that is summed over as its rows, so
// that the next product reads them as they are: nothing is repacked, maxima and sums over the rows are lane by lane, and what fills no
// panel (N, M, dk, dv of any size) is a shorter loop or idle lanes, never a mask.
//
//   forward, a job = w queries           scores [64 keys, w]  = k rows x q panel [dk, w]
//                                        running maximum per lane; o panel and sum scaled by 2^(old - new); scores = 2^(scores - maximum)
//                                        o panel [dv, w]     += v columns x scores panel
//   backward, a job = a chunk of keys,   p  [64 queries, w]   = 2^(q rows x k panel [dk, w] - maximum - log2 z)
//   w keys at a time against all         ds [64 queries, w]   = p * (g rows x v panel [dv, w] - rowsum(g * o))
//   queries, 64 at a time                dV panel [dv, w]    += g columns x p panel
//                                        dK panel [dk, w]    += q columns x ds panel
//                                        dQ part [64, dk]    += ds rows x k rows (lanes along dk: the one product whose lanes can idle)
//
// Chunks (AttentionChunks) each own a part of dQ; the parts are added in chunk order at the end. Nothing is added by two jobs, and no cut
// depends on the number of threads.
// Work: 2 B N M (dk + dv) flops forward, 2 B N M (3 dk + 2 dv) backward (scores are made again). Memory beside the tensors: backward 2 B N
// floats and the dQ parts, at most max(B, 32) of N max(dk, one vector) floats; a few tens of KB a thread.
// Numerics: sums in float; exact maximum, updated tile by tile; 2^x within 2.5e-7 (AttentionMath). q . k is kept as it is and multiplied by
// scale / log 2 only after the maximum was subtracted, and m and z are kept apart: so a weight has no error but that of its sum q . k,
// which forward and backward add in the same order. A log-sum-exp in one number would round every weight of a row by 2^-24 |s|. A NaN in a
// query stays in its o, m, z and dq, and reaches dk and dv.
//
// Timings: benchmarks/kernel-notes.md.
// Tried and rejected
//   Tiles of 32 to 256 keys or queries: within 5 % of each other; 64 is best or next to best everywhere.
//   Rounding and 2^n by generic vector operations in the exponential: 6.1 G/s, where AVX-512's reduce and scalef give 12.8.
//   dQ over two keys at once (even and odd lanes) for dk <= 8: backward 3.6 % faster, not worth a kernel kind of its own; the JIT makes the
//   broadcast of 64 bits a shuffle, which takes the port of a multiply-add.
//   dQ in a pass of its own over query panels: dA twice, 1.5 times the flops at dk 8 dv 64 (counted, not run).
static unsafe class CpuAttention
{
    /// <inheritdoc cref="IFusedAttention.Attention"/>
    public static void Attention(Storage q, Storage k, Storage v, Storage o, Storage rows, in AttentionSpec s)
    {
        if (s.M == 0)
        {
            // The mean of nothing is 0 here, as a product with no terms is.
            CpuElementwise.Fill(o, s.Batch * s.N * s.Dv, 0);
            new Span<float>(rows.Pointer(), s.Batch * s.N).Fill(float.NegativeInfinity);
            new Span<float>(rows.Pointer() + s.Batch * s.N, s.Batch * s.N).Clear();
            return;
        }
        int w = AttentionChunks.Lanes, panels = (s.N + w - 1) / w;
        WorkerPool.Run(s.Batch * panels, new AttentionForwardJob(q.Pointer(), k.Pointer(), v.Pointer(),
            o.Pointer(), rows.Pointer(), s, panels));
    }

    /// <inheritdoc cref="IFusedAttention.AttentionBackward"/>
    public static void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage rows, Storage g, Storage dq, Storage dk,
        Storage dv, in AttentionSpec s)
    {
        if (s.N == 0 || s.M == 0 || s.Dv == 0)
        {
            CpuElementwise.Fill(dq, s.Batch * s.N * s.Dk, 0);
            CpuElementwise.Fill(dk, s.Batch * s.M * s.Dk, 0);
            CpuElementwise.Fill(dv, s.Batch * s.M * s.Dv, 0);
            return;
        }
        AttentionChunks chunks = new(s);
        int queries = s.Batch * s.N;
        using ScratchScope scratch = ScratchArena.Enter();
        float* max = rows.Pointer(), logs = scratch.Floats(2L * queries), rowDots = logs + queries;
        float* parts = scratch.Floats((long)s.Batch * chunks.Count * s.N * chunks.QueryWidth), pg = g.Pointer();
        WorkerPool.Run((queries + AttentionRowsJob.Rows - 1) / AttentionRowsJob.Rows,
            new AttentionRowsJob(o.Pointer(), pg, max + queries, logs, rowDots, queries, s.Dv));
        WorkerPool.Run(s.Batch * chunks.Count, new AttentionBackwardJob(q.Pointer(), k.Pointer(), v.Pointer(), pg,
            max, logs, rowDots, dk.Pointer(), dv.Pointer(), parts, s, chunks));
        WorkerPool.Run(s.Batch, new AttentionQueryGradJob(parts, dq.Pointer(), s, chunks));
    }
}
