using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches BatchNorm, BatchNormInference and BatchNormBackward.</summary>
static class GpuBatchNorm
{
    // Enough thread blocks for a large device with several on each of its SMs; rows of a block that keep sums in float short.
    const int BatchNormBlocks = 512, BatchNormLeastRows = 64, BatchNormMostRows = 1024;

    /// <inheritdoc cref="IFusedBatchNorm.BatchNorm"/>
    public static void BatchNorm(GpuContext gpu, Storage x, Storage weight, Storage bias, Storage y, Storage mean, Storage variance,
        in BatchNormSpec s)
    {
        GpuRowTile tile = GpuRowTile.Cut(s.Rows, s.Channels, BatchNormBlocks, BatchNormLeastRows, BatchNormMostRows),
            blocks = tile.OfBlocks();
        // Per block and channel: the shift, sum (x - shift), sum (x - shift)^2.
        GpuStorage partials = gpu.Temporary(3L * 4 * tile.Blocks * GpuRowTile.Vec4s(s.Channels));
        gpu.Launch(new GpuBatchStatisticsKernel(Floats(x), Float4s(partials), tile), tile.LaunchGrid, GpuRowTile.Threads);
        gpu.Launch(new GpuBatchCombineKernel(Float4s(partials), Floats(mean), Floats(variance), tile, blocks), blocks.LaunchGrid,
            GpuRowTile.Threads);
        partials.Release();
        BatchNormInference(gpu, x, weight, bias, mean, variance, y, s);
    }

    /// <inheritdoc cref="IFusedBatchNorm.BatchNormInference"/>
    public static void BatchNormInference(GpuContext gpu, Storage x, Storage weight, Storage bias, Storage mean, Storage variance,
        Storage y, in BatchNormSpec s)
    {
        GpuRowTile tile = new(s.Rows, s.Channels, BatchNormLeastRows);
        gpu.Launch(new GpuNormalizeKernel(Floats(x), Floats(weight), Floats(bias), Floats(mean), Floats(variance), Floats(y), s.Epsilon,
            tile, new GpuActivation(s.Activation)), tile.LaunchGrid, GpuRowTile.Threads);
    }

    /// <inheritdoc cref="IFusedBatchNorm.BatchNormBackward"/>
    public static void BatchNormBackward(GpuContext gpu, Storage g, Storage x, Storage y, Storage weight, Storage mean, Storage variance,
        Storage dx, Storage dweight, Storage dbias, in BatchNormSpec s)
    {
        GpuActivation act = new(s.Activation);
        GpuRowTile tile = GpuRowTile.Cut(s.Rows, s.Channels, BatchNormBlocks, BatchNormLeastRows, BatchNormMostRows),
            blocks = tile.OfBlocks();
        GpuRowTile elements = new(s.Rows, s.Channels, BatchNormLeastRows);
        GpuStorage partials = gpu.Temporary(2L * 4 * tile.Blocks * GpuRowTile.Vec4s(s.Channels));
        gpu.Launch(new GpuNormalizeGradSumsKernel(Floats(g), Floats(x), Floats(y), Floats(mean), Floats(variance), Float4s(partials),
            s.Epsilon, tile, act), tile.LaunchGrid, GpuRowTile.Threads);
        gpu.Launch(new GpuNormalizeGradCombineKernel(Float4s(partials), Floats(dweight), Floats(dbias), blocks), blocks.LaunchGrid,
            GpuRowTile.Threads);
        partials.Release();
        gpu.Launch(new GpuNormalizeGradKernel(Floats(g), Floats(x), Floats(y), Floats(weight), Floats(mean), Floats(variance),
            Floats(dweight), Floats(dbias), Floats(dx), s.Epsilon, elements, act), elements.LaunchGrid, GpuRowTile.Threads);
    }
}
