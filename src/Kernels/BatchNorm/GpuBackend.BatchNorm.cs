namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend : IFusedBatchNorm
{
    // Enough groups for a large device with several on each of its processors; rows of a block that keep sums in float short.
    const int BatchNormGroups = 512, BatchNormLeastRows = 64, BatchNormMostRows = 1024;

    /// <inheritdoc/>
    public void BatchNorm(Storage x, Storage weight, Storage bias, Storage y, Storage mean, Storage variance, in BatchNormSpec s)
    {
        GpuRowTile tile = GpuRowTile.Cut(s.Rows, s.Channels, BatchNormGroups, BatchNormLeastRows, BatchNormMostRows), blocks = tile.OfBlocks();
        // Per block and channel: the shift, sum (x - shift), sum (x - shift)^2.
        GpuStorage partials = Temporary(3L * 4 * tile.Blocks * GpuRowTile.Fours(s.Channels));
        queue.Launch(new GpuBatchStatisticsKernel(Floats(x), Float4s(partials), tile), tile.Groups, GpuRowTile.Threads);
        queue.Launch(new GpuBatchCombineKernel(Float4s(partials), Floats(mean), Floats(variance), tile, blocks), blocks.Groups, GpuRowTile.Threads);
        partials.Release();
        BatchNormInference(x, weight, bias, mean, variance, y, s);
    }

    /// <inheritdoc/>
    public void BatchNormInference(Storage x, Storage weight, Storage bias, Storage mean, Storage variance, Storage y, in BatchNormSpec s)
    {
        GpuRowTile tile = new(s.Rows, s.Channels, BatchNormLeastRows);
        queue.Launch(new GpuNormalizeKernel(Floats(x), Floats(weight), Floats(bias), Floats(mean), Floats(variance), Floats(y), s.Epsilon, tile,
            new GpuActivation(s.Activation)), tile.Groups, GpuRowTile.Threads);
    }

    /// <inheritdoc/>
    public void BatchNormBackward(Storage g, Storage x, Storage y, Storage weight, Storage mean, Storage variance, Storage dx, Storage dweight, Storage dbias,
        in BatchNormSpec s)
    {
        GpuActivation act = new(s.Activation);
        GpuRowTile tile = GpuRowTile.Cut(s.Rows, s.Channels, BatchNormGroups, BatchNormLeastRows, BatchNormMostRows), blocks = tile.OfBlocks();
        GpuRowTile elements = new(s.Rows, s.Channels, BatchNormLeastRows);
        GpuStorage partials = Temporary(2L * 4 * tile.Blocks * GpuRowTile.Fours(s.Channels));
        queue.Launch(new GpuNormalizeGradSumsKernel(Floats(g), Floats(x), Floats(y), Floats(mean), Floats(variance), Float4s(partials), s.Epsilon, tile, act),
            tile.Groups, GpuRowTile.Threads);
        queue.Launch(new GpuNormalizeGradCombineKernel(Float4s(partials), Floats(dweight), Floats(dbias), blocks), blocks.Groups, GpuRowTile.Threads);
        partials.Release();
        queue.Launch(new GpuNormalizeGradKernel(Floats(g), Floats(x), Floats(y), Floats(weight), Floats(mean), Floats(variance), Floats(dweight), Floats(dbias),
            Floats(dx), s.Epsilon, elements, act), elements.Groups, GpuRowTile.Threads);
    }
}
