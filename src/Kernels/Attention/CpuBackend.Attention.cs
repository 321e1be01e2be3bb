namespace Sagan.Native.Kernels;

public sealed unsafe partial class CpuBackend : IFusedAttention
{
    // Scratch slots: the first two belong to the caller and live through the whole call, the third to each job.
    internal const int AttentionRows = 0, AttentionParts = 1, AttentionJob = 2;

    /// <inheritdoc/>
    public void Attention(Storage q, Storage k, Storage v, Storage o, Storage lse, in AttentionSpec s)
    {
        int w = AttentionChunks.Lanes, panels = (s.N + w - 1) / w;
        WorkerPool.Run(s.Batch * panels, new AttentionForwardJob(Floats(q), Floats(k), Floats(v),
            Floats(o), Floats(lse), s, panels));
    }

    /// <inheritdoc/>
    public void AttentionBackward(Storage q, Storage k, Storage v, Storage o, Storage lse, Storage g, Storage dq, Storage dk, Storage dv, in AttentionSpec s)
    {
        AttentionChunks chunks = new(s);
        int rows = s.Batch * s.N;
        float* lse2 = Scratch.Floats(AttentionRows, 2L * rows), rowDots = lse2 + rows;
        float* parts = Scratch.Floats(AttentionParts, (long)s.Batch * chunks.Count * s.N * chunks.QueryWidth), pg = Floats(g);
        WorkerPool.Run((rows + AttentionRowsJob.Rows - 1) / AttentionRowsJob.Rows,
            new AttentionRowsJob(Floats(o), pg, Floats(lse), lse2, rowDots, rows, s.Dv));
        WorkerPool.Run(s.Batch * chunks.Count, new AttentionBackwardJob(Floats(q), Floats(k), Floats(v), pg,
            lse2, rowDots, Floats(dk), Floats(dv), parts, s, chunks));
        WorkerPool.Run(s.Batch, new AttentionQueryGradJob(parts, Floats(dq), s, chunks));
    }
}
