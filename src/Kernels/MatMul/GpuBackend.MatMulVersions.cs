namespace Sagan.Native.Kernels;

/// <summary>One way to compute y [M,N] = a [M,K] b [K,N] on a GPU; arguments a, b, y, M, N, K.</summary>
sealed record GpuMatMulVersion(string Name, Action<Storage, Storage, Storage, int, int, int> Run);

public sealed partial class GpuBackend
{
    /// <summary>The matrix product from its simplest form to the one in use, to be measured side by side.</summary>
    internal IReadOnlyList<GpuMatMulVersion> MatMulVersions => field ??=
    [
        new("one thread an element", (a, b, y, m, n, k) =>
            queue.Launch(new GpuGemmNaiveKernel(Floats(a), Floats(b), Floats(y), m, n, k), GpuGrid.Cover(checked(m * n), Threads))),
        new("16x16 tiles in shared memory", (a, b, y, m, n, k) =>
            queue.Launch(new GpuGemmTiledKernel(Floats(a), Floats(b), Floats(y), m, n, k),
                new GpuGrid(CeilDiv(n, GpuGemmTiledKernel.Side), CeilDiv(m, GpuGemmTiledKernel.Side)), GpuGemmTiledKernel.Side * GpuGemmTiledKernel.Side)),
        Fixed("64x64 tiles, 4x4 in registers", new(GpuGemmTile.Tile64x64, 1)),
        Fixed("128x64 tiles, 8x4 in registers", new(GpuGemmTile.Tile128x64, 1)),
        Fixed("128x128 tiles, 8x8 in registers", new(GpuGemmTile.Tile128x128, 1)),
        Fixed("as chosen for the size", null),
    ];

    GpuMatMulVersion Fixed(string name, GpuGemmPlan? plan) => new(name, (a, b, y, m, n, k) =>
    {
        GpuGemmPlan? before = FixedPlan;
        FixedPlan = plan;
        MatMul(a, b, y, new MatMulSpec(1, m, n, k, false, false, 0, 0));
        FixedPlan = before;
    });
}
