namespace Sagan.Native.Kernels;

public sealed unsafe partial class CpuBackend : IFusedAttention
{
    // Scratch slots: the first two belong to the caller and live through the whole call, the third to each job.
    internal const int AttentionRows = 0, AttentionParts = 1, AttentionJob = 2;

    /// <inheritdoc/>
    public void Attention(Storage q, Storage k, Storage v, Storage o, Storage lse, in AttentionSpec s)
    {
        int w = AttentionChunks.Lanes, panels = (s.N + w - 1) / w;
        WorkerPool.Run(s.Batch * panels, new AttentionForwardJob(Pointer(q), Pointer(k), Pointer(v),
            Pointer(o), Pointer(lse), s, panels));
    }

    /// <inheritdoc/>
    public void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage lse, Storage g, Storage dq, Storage dk, Storage dv, in AttentionSpec s)
    {
        AttentionChunks chunks = new(s);
        int rows = s.Batch * s.N;
        float* lse2 = Scratch.Floats(AttentionRows, 2L * rows), rowDots = lse2 + rows;
        float* parts = Scratch.Floats(AttentionParts, (long)s.Batch * chunks.Count * s.N * chunks.QueryWidth), pg = Pointer(g);
        WorkerPool.Run((rows + AttentionRowsJob.Rows - 1) / AttentionRowsJob.Rows,
            new AttentionRowsJob(Pointer(o), pg, Pointer(lse), lse2, rowDots, rows, s.Dv));
        WorkerPool.Run(s.Batch * chunks.Count, new AttentionBackwardJob(Pointer(q), Pointer(k), Pointer(v), pg,
            lse2, rowDots, Pointer(dk), Pointer(dv), parts, s, chunks));
        WorkerPool.Run(s.Batch, new AttentionQueryGradJob(parts, Pointer(dq), s, chunks));
    }
}
