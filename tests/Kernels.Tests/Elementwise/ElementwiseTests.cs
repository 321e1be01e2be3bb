using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class ElementwiseTests
{
    public static TheoryData<int> Sizes => [0, 1, 2, 15, 16, 17, 31, 33, 8191, 8192, 8193, 100_003, 1_000_003];

    [Theory, MemberData(nameof(Sizes))]
    public void Fill(int n)
    {
        float[] y = SameBits.OnAnyThreads(() =>
        {
            HostStorage s = Empty(n);
            Cpu.Fill(s, n, -0.75f);
            return s.Take();
        });
        Assert.All(y, v => Assert.Equal(-0.75f, v));
    }

    [Theory, MemberData(nameof(Sizes))]
    public void Copy(int n)
    {
        float[] x = Uniform(n);
        SameBits.Assert(x, SameBits.OnAnyThreads(() =>
        {
            HostStorage a = Of(x), s = Empty(n);
            Cpu.Copy(a, s, n);
            SameBits.Assert(x, a.Take());
            return s.Take();
        }));
    }

    static float[] Map<TOp>(float[] x, TOp f, bool inPlace = false) where TOp : unmanaged, IUnaryOp => SameBits.OnAnyThreads(() =>
    {
        HostStorage a = Of(x), y = inPlace ? a : Empty(x.Length);
        Cpu.Map(a, y, x.Length, f);
        if (!inPlace) SameBits.Assert(x, a.Take());
        return y.Take();
    });

    [Theory, MemberData(nameof(Sizes))]
    public void MapLeakyRelu(int n)
    {
        float[] x = Uniform(n), expected = x.Select(v => v > 0 ? v : 0.2f * v).ToArray();
        SameBits.Assert(expected, Map(x, new LeakyReluOp(0.2f)));
        SameBits.Assert(expected, Map(x, new LeakyReluOp(0.2f), inPlace: true));
    }

    // The scalar form is the definition of an op: the vector form must agree, on special values too.
    static void AgreesWithScalar<TOp>(TOp f, double tolerance = 0) where TOp : unmanaged, IUnaryOp
    {
        float[] special = [0, -0f, 1, -1, 1e-40f, -1e-40f, 1e38f, -1e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 88,
            -88, 104, -104, 5];
        float[] x = [.. Uniform(1000).Select(v => 10 * v), .. special], y = Map(x, f);
        for (int i = 0; i < x.Length; i++)
        {
            float e = f.Invoke(x[i]);
            if (float.IsNaN(e) ? float.IsNaN(y[i]) : e == y[i] || Math.Abs(e - y[i]) <= tolerance * Math.Abs(e)) continue;
            Assert.Fail($"{typeof(TOp).Name}({x[i]:R}) = {y[i]:R} where {e:R} is expected.");
        }
    }

    [Fact]
    public void UnaryOpsAgreeWithTheirScalarForm()
    {
        AgreesWithScalar(new AffineOp(0.5f, -3), 1e-6);
        AgreesWithScalar(new SquareOp());
        AgreesWithScalar(new SqrtOp());
        AgreesWithScalar(new ReciprocalOp());
        AgreesWithScalar(new AbsOp());
        AgreesWithScalar(new SignOp());
        AgreesWithScalar(new ReluOp());
        AgreesWithScalar(new LeakyReluOp(0.1f));
        AgreesWithScalar(new ExpOp(), 3e-7);
        AgreesWithScalar(new LogOp(), 3e-7);
        AgreesWithScalar(new TanhOp(), 5e-7);
        AgreesWithScalar(new SigmoidOp(), 5e-7);
        AgreesWithScalar(new SoftplusOp(), 5e-7);
    }

    [Fact]
    public void BitsDoNotDependOnThePosition()
    {
        float[] x = Uniform(1000, 3), y = Map(x, new TanhOp());
        for (int shift = 1; shift < 20; shift++) SameBits.Assert(y.AsSpan(shift), Map(x[shift..], new TanhOp()));
    }
}
