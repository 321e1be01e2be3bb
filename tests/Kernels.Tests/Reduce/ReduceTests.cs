using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class ReduceTests
{
    // A shape, and which axes are reduced (as a string of k for kept and r for reduced).
    public static TheoryData<int[], string> Cases
    {
        get
        {
            TheoryData<int[], string> cases = [];
            foreach (int n in (int[])[0, 1, 2, 15, 16, 17, 63, 64, 65, 511, 512, 513, 32_768, 32_769, 1_000_003]) cases.Add([n], "r");
            int[][] matrices =
            [
                [3, 5], [1, 7], [7, 1], [1009, 3], [1009, 17], [70_001, 3], [4097, 64], [65, 1025], [63, 33], [64, 16], [8, 100_003],
                    [3, 32_770],
                [0, 5], [5, 0],
            ];
            foreach (int[] s in matrices)
            {
                cases.Add(s, "rk");
                cases.Add(s, "kr");
                cases.Add(s, "rr");
                cases.Add(s, "kk");
            }
            foreach (string r in (string[])["krk", "rkr", "rrk", "kkr", "krr", "rkk"])
            {
                cases.Add([6, 7, 5], r);
                cases.Add([17, 400, 33], r);
                cases.Add([3, 1, 5], r);
                cases.Add([1030, 2, 3], r);
                cases.Add([2, 3, 1030], r);
            }
            cases.Add([], "");
            cases.Add([16, 32, 32, 24], "rrrk");
            cases.Add([2, 3, 4, 5, 3, 2, 4, 3], "rkrkrkrk");
            cases.Add([2, 3, 4, 5, 3, 2, 4, 3], "krkrkrkr");
            return cases;
        }
    }

    static float[] Sum(float[] x, Shape shape, string kinds) => SameBits.OnAnyThreads(() =>
    {
        ReduceSpec s = new(shape, kinds.Select(k => k == 'r').ToArray());
        HostStorage sx = Of(x), sy = Empty(s.OutputCount);
        Cpu.Sum(sx, sy, s);
        SameBits.Assert(x, sx.Take());
        return sy.Take();
    });

    [Theory, MemberData(nameof(Cases))]
    public void AgreesWithDouble(int[] sizes, string kinds)
    {
        Shape shape = new(sizes);
        float[] x = Uniform(shape.Count, 7);
        int[] kept = new int[shape.Count];
        for (int i = 0; i < x.Length; i++)
            for (int axis = 0, rest = i, stride = shape.Count; axis < sizes.Length; axis++)
            {
                stride /= sizes[axis];
                if (kinds[axis] == 'k') kept[i] = kept[i] * sizes[axis] + rest / stride;
                rest %= stride;
            }
        float[] y = Sum(x, shape, kinds);
        double[] sum = new double[y.Length], magnitude = new double[y.Length];
        for (int i = 0; i < x.Length; i++)
        {
            sum[kept[i]] += x[i];
            magnitude[kept[i]] += Math.Abs(x[i]);
        }
        int applications = Math.Max(1, kinds.Split('k', StringSplitOptions.RemoveEmptyEntries).Length);
        for (int k = 0; k < y.Length; k++)
            Assert.True(Math.Abs(y[k] - sum[k]) <= applications * 1e-6 * magnitude[k],
                $"element {k}: {y[k]:R} where {sum[k]:R} is expected.");
    }

    [Theory]
    [InlineData(16_777_216, 1)]
    [InlineData(1, 16_777_216)]
    [InlineData(1_000_000, 16)]
    public void EqualTermsDoNotDrift(int n, int columns)
    {
        // Adding 16 million times 0.1 one after the other in float gives 1.5 % too little or much more.
        float[] x = new float[n * columns];
        Array.Fill(x, 0.1f);
        Assert.All(Sum(x, new Shape(n, columns), n == 1 ? "kr" : "rk"),
            v => Assert.Equal(1.0, v / (0.1f * (double)(n == 1 ? columns : n)), 8.4e-7));
    }

    [Fact]
    public void NaNAndInfinityStay()
    {
        float[] x = new float[5000];
        x[4321] = float.PositiveInfinity;
        Assert.Equal(float.PositiveInfinity, Sum(x, new Shape(5000), "r")[0]);
        x[17] = float.NegativeInfinity;
        Assert.True(float.IsNaN(Sum(x, new Shape(5000), "r")[0]));
        float[] y = Sum(x, new Shape(100, 50), "rk");
        Assert.Equal([17, 21], Enumerable.Range(0, 50).Where(i => !float.IsFinite(y[i])));
    }

    [Fact]
    public void EveryWidthGivesTheSameBits()
    {
        foreach (int n in (int[])[1, 5, 64, 70, 300, 511, 512])
        {
            float[] x = Uniform(1024, n), y = new float[4];
            unsafe
            {
                fixed (float* px = x, py = y)
                {
                    new RowSumsLoop(px, 1, n, py).Run<Simd512>();
                    new RowSumsLoop(px, 1, n, py + 1).Run<Simd256>();
                    new RowSumsLoop(px, 1, n, py + 2).Run<Simd128>();
                    new RowSumsLoop(px, 1, n, py + 3).Run<Simd1>();
                }
            }
            Assert.All(y, v => Assert.Equal(y[0], v));
        }
    }
}
