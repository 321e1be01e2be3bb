namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <summary>The matrix product from its simplest form to the one in use, to be measured side by side.</summary>
    internal IReadOnlyList<MatMulVersion> MatMulVersions => field ??=
    [
        new("naive", (a, b, y, m, n, k) =>
            queue.Launch(new GpuGemmNaiveKernel(Floats(a), Floats(b), Floats(y), m, n, k), GpuGrid.Cover(checked(m * n), Threads))),
        new("16x16 tiles, shared memory", (a, b, y, m, n, k) =>
            queue.Launch(new GpuGemmTiledKernel(Floats(a), Floats(b), Floats(y), m, n, k),
                new GpuGrid(CeilDiv(n, GpuGemmTiledKernel.Side), CeilDiv(m, GpuGemmTiledKernel.Side)), GpuGemmTiledKernel.Side * GpuGemmTiledKernel.Side)),
        Fixed("64x64 tiles, 4x4 registers", new(GpuGemmTile.Tile64x64, 1)),
        Fixed("128x64 tiles, 8x4 registers", new(GpuGemmTile.Tile128x64, 1)),
        Fixed("128x128 tiles, 8x8 registers", new(GpuGemmTile.Tile128x128, 1)),
        .. queue.HasTensorCores ? (MatMulVersion[])
        [
            Fixed("128x128 tiles, tensor cores, TF32", new(GpuGemmTile.Tf32, 1)),
            Fixed("128x128 tiles, tensor cores, BF16", new(GpuGemmTile.Bf16, 1)),
        ] : [],
        Fixed("as chosen", null),
    ];

    MatMulVersion Fixed(string name, GpuGemmPlan? plan) => new(name, (a, b, y, m, n, k) =>
    {
        GpuGemmPlan? before = FixedPlan;
        FixedPlan = plan;
        MatMul(a, b, y, new MatMulSpec(1, m, n, k, false, false, 0, 0));
        FixedPlan = before;
    });
}
