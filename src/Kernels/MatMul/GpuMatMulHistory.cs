using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>Launches the forms of <see cref="IProfiling.MatMulVersions"/>.</summary>
static class GpuMatMulHistory
{
    /// <inheritdoc cref="IProfiling.MatMulVersions"/>
    public static IReadOnlyList<MatMulVersion> Versions(GpuContext gpu) =>
    [
        new("naive", (a, b, y, m, n, k) =>
            gpu.Launch(new GpuGemmNaiveKernel(Floats(a), Floats(b), Floats(y), m, n, k), GpuGrid.Cover(checked(m * n)))),
        new("16x16 tiles, shared memory", (a, b, y, m, n, k) =>
            gpu.Launch(new GpuGemmTiledKernel(Floats(a), Floats(b), Floats(y), m, n, k),
                new GpuGrid(CeilDiv(n, GpuGemmTiledKernel.Side), CeilDiv(m, GpuGemmTiledKernel.Side)),
                GpuGemmTiledKernel.Side * GpuGemmTiledKernel.Side)),
        Fixed(gpu, "64x64 tiles, 4x4 registers", new(GpuGemmTile.Tile64x64, 1)),
        Fixed(gpu, "128x64 tiles, 8x4 registers", new(GpuGemmTile.Tile128x64, 1)),
        Fixed(gpu, "128x128 tiles, 8x8 registers", new(GpuGemmTile.Tile128x128, 1)),
        .. gpu.Queue.HasTensorCores ? (MatMulVersion[])
        [
            Fixed(gpu, "128x128 tiles, tensor cores, TF32", new(GpuGemmTile.Tf32, 1)),
            Fixed(gpu, "128x128 tiles, tensor cores, BF16", new(GpuGemmTile.Bf16, 1)),
        ] : [],
        Fixed(gpu, "as chosen", null),
    ];

    static MatMulVersion Fixed(GpuContext gpu, string name, GpuGemmPlan? plan) => new(name, (a, b, y, m, n, k) =>
    {
        GpuGemmPlan? before = gpu.FixedPlan;
        gpu.FixedPlan = plan;
        GpuMatMul.MatMul(gpu, a, b, y, new MatMulSpec(1, m, n, k, false, false, 0, 0));
        gpu.FixedPlan = before;
    });
}
