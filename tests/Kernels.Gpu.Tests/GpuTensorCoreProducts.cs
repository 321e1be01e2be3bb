using Sagan.Native.Kernels;
using Sagan.Native.Tests.Conformance;

namespace Sagan.Native.Tests;

/// <summary>The GPU's products on tensor cores: on those of a CUDA device, or on an emulation of their instructions.</summary>
public abstract class GpuTensorCoreProducts
{
    static readonly GpuGemmTile[] Tiles = [GpuGemmTile.Tf32, GpuGemmTile.Bf16];

    // Half a unit in the last place: of 11 binary digits, and of 8.
    static double Rounding(GpuGemmTile tile) => tile == GpuGemmTile.Tf32 ? Math.Pow(2, -11) : Math.Pow(2, -8);

    // All three convolutions, with channels that are and are not multiples of 4, phases of unequal size and kernel rows that no phase has;
    // matrices around the edges of a tile and of a step, all transposes, several entries.
    static bool IsProduct(KernelCase c) => c.Method switch
    {
        nameof(GpuBackend.Conv2d) or nameof(GpuBackend.Conv2dInputGrad) or nameof(GpuBackend.Conv2dWeightGrad) =>
            Starts(c, "[2, 8, 8, 16]", "[2, 7, 19, 3]", "[2, 11, 11, 2]", "[1, 7, 7, 17]"),
        nameof(GpuBackend.MatMul) => Starts(c, "1 x [1, 7]", "1 x [127, 7]", "1 x [129, 257]", "1 x [33, 300]", "1 x [64, 8]", "3 x [7, 9]",
        "1 x [3, 0]"),
        _ => false,
    };

    static bool IsFused(KernelCase c) => c.Capability == typeof(IFusedBias) && Starts(c, "[2, 8, 8, 16]", "1 x [65, 18]");

    static bool Starts(KernelCase c, params string[] sizes) => sizes.Any(s => c.Sizes.StartsWith(s, StringComparison.Ordinal));

    public static TheoryData<string> Products => KernelCases.Names(IsProduct, areQuick: false);

    public static TheoryData<string> Fused => KernelCases.Names(IsFused, areQuick: false);

    [Theory, MemberData(nameof(Products))]
    public void Agrees_with_the_definition_up_to_the_rounding_of_the_factors(string name)
    {
        foreach (GpuGemmTile tile in Tiles)
        {
            // (1 + u)^2 - 1 of each product of absolute values, on top of what the case allows for the order of the sum.
            KernelCase c = KernelCases.Named(name);
            c = c with { Bound = Wider(c.Bound, Math.Pow(1 + Rounding(tile), 2) - 1) };
            With(new GpuGemmPlan(tile, 1), () => Contract.IsKept(c, TestGpu.Device));
            With(new GpuGemmPlan(tile, 3), () => Contract.AgreesWithDefinition(c, TestGpu.Device));
        }
    }

    // With factors that need no rounding, the bounds of the table hold: also behind an activation.
    [Theory, MemberData(nameof(Fused))]
    public void Agrees_with_the_definition_where_nothing_is_rounded(string name)
    {
        KernelCase c = KernelCases.Named(name);
        Operand[] operands = [.. c.Operands.Select(o => o.Role == Role.Input ? o with { Value = (random, _) => random.Next(-8, 9) / 16f }
            : o)];
        foreach (GpuGemmTile tile in Tiles)
            With(new GpuGemmPlan(tile, 1), () => Contract.AgreesWithDefinition(c with { Operands = operands }, TestGpu.Device));
    }

    static Bound Wider(Bound bound, double rounding) => (c, output, expected) =>
        [.. bound(c, output, expected).Zip(Bounds.OfAbsolute(rounding)(c, output, expected), (a, b) => a + b)];

    // Small whole numbers are exact in each precision, and so are their sums: one element in a wrong place shows.
    [Theory]
    [InlineData(130, 140, 70, false, false)]
    [InlineData(132, 136, 68, false, true)]
    [InlineData(136, 132, 100, true, false)]
    [InlineData(131, 129, 33, true, true)]
    public void Small_whole_numbers_multiply_exactly(int m, int n, int k, bool transposeA, bool transposeB)
    {
        Random random = new(1);
        float[] a = [.. Enumerable.Range(0, m * k).Select(_ => (float)random.Next(-8, 9))];
        float[] b = [.. Enumerable.Range(0, k * n).Select(_ => (float)random.Next(-8, 9))];
        MatMulSpec s = new(1, m, n, k, transposeA, transposeB, 0, 0);
        float[] expected = Product(Device.Reference, a, b, s);
        foreach (GpuGemmTile tile in Tiles) With(new GpuGemmPlan(tile, 1), () => Assert.Equal(expected, Product(TestGpu.Device, a, b, s)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Tf32_rounds_to_10_bits_ties_away_from_zero_and_bf16_to_7_bits_ties_to_even(bool left)
    {
        const int n = 40;
        Random random = new(2);
        float[] x = [.. Enumerable.Range(0, n * n).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-60, 60))))];
        float[] one = new float[n * n];
        for (int i = 0; i < n; i++) one[i * n + i] = 1;
        // Halfway between two, the lower even and odd.
        (x[0], x[1], x[2], x[3]) = (1 + Power(-11), -1 - 3 * Power(-11), 1 + Power(-8), -1 - 3 * Power(-8));
        (x[n], x[n + 1], x[n + 2]) = (float.MaxValue / 2, Power(-126), -0f);
        foreach (GpuGemmTile tile in Tiles)
            With(new GpuGemmPlan(tile, 1), () =>
            {
                float[] y = Product(TestGpu.Device, left ? x : one, left ? one : x, new MatMulSpec(1, n, n, n, false, false, 0, 0));
                for (int i = 0; i < x.Length; i++) Assert.Equal(Rounded(x[i], tile), y[i]);
            });

        static float Rounded(float x, GpuGemmTile tile)
        {
            if (x == 0) return 0;
            double unit = Math.Pow(2, Math.ILogB(x) - (tile == GpuGemmTile.Tf32 ? 10 : 7));
            return (float)(Math.Round(x / unit, tile == GpuGemmTile.Tf32 ? MidpointRounding.AwayFromZero : MidpointRounding.ToEven) * unit);
        }

        static float Power(int e) => MathF.ScaleB(1, e);
    }

    // What a device makes of 0/0, and what .NET does.
    [Theory]
    [InlineData(0x7FFFFFFFu)]
    [InlineData(0xFFC00000u)]
    [InlineData(0x7F800000u)]
    public void What_is_not_finite_stays_so(uint bits)
    {
        const int n = 8;
        float[] a = [.. Enumerable.Repeat(1f, n * n)], b = [.. Enumerable.Repeat(1f, n * n)];
        a[3 * n + 5] = BitConverter.UInt32BitsToSingle(bits);
        foreach (GpuGemmTile tile in Tiles)
            With(new GpuGemmPlan(tile, 1), () =>
            {
                float[] y = Product(TestGpu.Device, a, b, new MatMulSpec(1, n, n, n, false, false, 0, 0));
                for (int i = 0; i < y.Length; i++) Assert.Equal(i / n == 3 ? a[3 * n + 5] : n, y[i]);
            });
    }

    static void With(GpuGemmPlan plan, Action work)
    {
        GpuContext gpu = ((GpuBackend)TestGpu.Device.Backend).Context;
        try
        {
            gpu.FixedPlan = plan;
            work();
        }
        finally
        {
            gpu.FixedPlan = null;
        }
    }

    static float[] Product(Device device, float[] a, float[] b, MatMulSpec s)
    {
        Storage[] t = [.. ((int[])[a.Length, b.Length, s.M * s.N]).Select(device.Pool.Rent)];
        t[0].CopyFrom(a);
        t[1].CopyFrom(b);
        device.Backend.MatMul(t[0], t[1], t[2], s);
        float[] y = new float[s.M * s.N];
        t[2].CopyTo(y);
        foreach (Storage x in t) x.Release();
        return y;
    }
}
