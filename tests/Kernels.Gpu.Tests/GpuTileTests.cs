using Sagan.Native.Kernels;
using Sagan.Native.Tests.Conformance;

namespace Sagan.Native.Tests;

/// <summary>The GPU's products in tiles that the plan would not choose at sizes so small, whole and in slices of the sum.</summary>
[Quick]
public sealed class GpuTileTests
{
    static GpuContext Gpu => ((GpuBackend)TestGpu.Device.Backend).Context;

    static readonly (GpuGemmTile, int)[] Plans = [(GpuGemmTile.Tile128x128, 1), (GpuGemmTile.Tile128x64, 3), (GpuGemmTile.Tile128x32, 3)];

    // All three convolutions with channels that are and are not multiples of 4, phases of unequal size and kernel rows that no phase has;
    // matrices across the edge of a tile.
    static bool Suits(KernelCase c) =>
        (c.Method.StartsWith(nameof(Backend.Conv2d), StringComparison.Ordinal) && c.Capability == null &&
            (c.Sizes.StartsWith("[2, 8, 8, 16]", StringComparison.Ordinal) ||
            c.Sizes.StartsWith("[2, 7, 19, 3]", StringComparison.Ordinal))) ||
        (c.Method == nameof(Backend.MatMul) && (c.Sizes.StartsWith("1 x [127, 7]", StringComparison.Ordinal) ||
            c.Sizes.StartsWith("1 x [128, 12]", StringComparison.Ordinal) || c.Sizes.StartsWith("3 x [7, 9]", StringComparison.Ordinal)));

    public static TheoryData<string> Products => Suite.Cases(TestGpu.WhyNotLargeTiles, () => KernelCases.Names(Suits, areQuick: false));

    [Theory, MemberData(nameof(Products))]
    public void Agrees_with_the_definition_in_large_tiles_and_slices(string name)
    {
        Suite.SkipIfAbsent(name);
        try
        {
            foreach ((GpuGemmTile tile, int slices) in Plans)
            {
                Gpu.FixedPlan = new GpuGemmPlan(tile, slices);
                Contract.AgreesWithDefinition(KernelCases.Named(name), TestGpu.Device);
            }
        }
        finally
        {
            Gpu.FixedPlan = null;
        }
    }

    [Theory]
    [InlineData(65536, 128, 1024, GpuGemmTile.Tile128x128, false)]
    [InlineData(65536, 64, 576, GpuGemmTile.Tile128x64, false)]
    [InlineData(65536, 8, 64, GpuGemmTile.Tile128x32, false)]
    [InlineData(128, 1024, 65536, GpuGemmTile.Tile128x128, true)]
    [InlineData(64, 1, 8192, GpuGemmTile.Tile64x64, true)]
    [InlineData(64, 64, 64, GpuGemmTile.Tile64x64, false)]
    public void Chooses_large_tiles_where_they_fill_the_device_and_slices_where_sums_are_long(int m, int n, int k, object tile, bool sliced)
    {
        GpuGemmPlan plan = GpuGemmPlan.Choose(new GpuGemmSize(1, m, n, k), small: false);
        Assert.Equal((tile, sliced), (plan.Tile, plan.SplitK > 1));
    }

    [Fact]
    public void Divides_as_division_does()
    {
        Random random = new(1);
        foreach (int d in (int[])[1, 2, 3, 5, 7, 10, 16, 641, 65535, 65536, 65537, 1 << 30, int.MaxValue - 1, int.MaxValue])
        {
            GpuDivisor divisor = new(d);
            foreach (int n in (int[])[0, 1, d - 1, d, int.MaxValue - 1, int.MaxValue,
                .. Enumerable.Range(0, 1000).Select(_ => random.Next())])
                Assert.Equal(n / d, divisor.Quotient(n));
        }
    }
}
