using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class ZipTests
{
    // Shapes of a and b: plain, scalars on either side, bias of odd and even widths, per-row scalars, both sides repeated, general ranks,
    // empty.
    public static TheoryData<int[], int[]> Cases => new()
    {
        { [], [] }, { [0], [1] }, { [1], [1] }, { [17], [17] }, { [1_000_003], [1_000_003] }, { [3, 0, 5], [5] },
        { [100_003], [] }, { [], [33] }, { [1], [100_003] },
        { [7, 3], [3] }, { [10_007, 3], [3] }, { [3], [10_007, 3] }, { [1009, 17], [17] }, { [5, 64], [64] }, { [999, 64], [64] },
        { [1001, 257], [257] },
        { [33, 20_011], [20_011] },
        { [16, 8, 8, 3], [3] }, { [1023, 5], [1023, 5] }, { [17, 255], [1, 255] },
        { [7, 3], [7, 1] }, { [1009, 33], [1009, 1] }, { [1009, 1], [1009, 33] }, { [3, 20_011], [3, 1] },
        { [5, 1, 7], [1, 6, 1] }, { [5, 1], [1, 7] }, { [2, 3, 1, 5, 1, 3], [3, 4, 1, 2, 1] }, { [8, 16, 16, 5], [8, 1, 1, 5] },
        { [8, 16, 16, 1], [5] },
        { [2, 1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2, 1] },
        { [4, 1, 9001], [1, 3, 1] }, { [1, 1], [1] },
    };

    static int Offset(int i, Shape y, Shape x)
    {
        int offset = 0, stride = 1;
        for (int axis = 1; axis <= y.Rank; axis++)
        {
            int digit = i % y[-axis];
            i /= y[-axis];
            if (axis > x.Rank) continue;
            if (x[-axis] != 1) offset += digit * stride;
            stride *= x[-axis];
        }
        return offset;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Broadcasts(int[] shapeA, int[] shapeB)
    {
        Shape a = new(shapeA), b = new(shapeB), y = Shape.Broadcast("zip", a, b);
        float[] va = Uniform(a.Count, 1), vb = Uniform(b.Count, 2), sum = new float[y.Count], left = new float[y.Count];
        for (int i = 0; i < y.Count; i++)
        {
            left[i] = va[Offset(i, y, a)];
            sum[i] = left[i] - vb[Offset(i, y, b)];
        }
        SameBits.Assert(sum, SameBits.OnAnyThreads(() =>
        {
            HostStorage sa = Of(va), sb = Of(vb), sy = Empty(y.Count);
            Cpu.Zip(sa, sb, sy, new BroadcastSpec(a, b, y), new SubtractOp());
            SameBits.Assert(va, sa.Take());
            SameBits.Assert(vb, sb.Take());
            return sy.Take();
        }));
        if (a == y)
            SameBits.Assert(sum, SameBits.OnAnyThreads(() =>
            {
                HostStorage sa = Of(va), sb = Of(vb);
                Cpu.Zip(sa, sb, sa, new BroadcastSpec(a, b, y), new SubtractOp());
                sb.Release();
                return sa.Take();
            }));
        foreach (Shape other in (Shape[])[y, a])
            SameBits.Assert(left, SameBits.OnAnyThreads(() =>
            {
                HostStorage sa = Of(va), sy = Empty(y.Count);
                Cpu.BroadcastTo(sa, sy, new BroadcastSpec(a, other, y));
                sa.Release();
                return sy.Take();
            }));
    }

    static void AgreesWithScalar<TOp>(TOp f, double tolerance = 0) where TOp : unmanaged, IBinaryOp
    {
        float[] special = [0, -0f, 1, -1, 1e-40f, 1e38f, -1e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 2, 2];
        float[] a = [.. Uniform(500, 5), .. special.SelectMany(v => Enumerable.Repeat(v, special.Length))];
        float[] b = [.. Uniform(500, 6), .. special.SelectMany(_ => special)];
        HostStorage sa = Of(a), sb = Of(b), sy = Empty(a.Length);
        Shape s = new(a.Length);
        Cpu.Zip(sa, sb, sy, new BroadcastSpec(s, s, s), f);
        sa.Release();
        sb.Release();
        float[] y = sy.Take();
        for (int i = 0; i < a.Length; i++)
        {
            float e = f.Invoke(a[i], b[i]);
            if (float.IsNaN(e) ? float.IsNaN(y[i]) : e == y[i] || Math.Abs(e - y[i]) <= tolerance * Math.Max(1, Math.Abs(e))) continue;
            Assert.Fail($"{typeof(TOp).Name}({a[i]:R}, {b[i]:R}) = {y[i]:R} where {e:R} is expected.");
        }
    }

    [Fact]
    public void BinaryOpsAgreeWithTheirScalarForm()
    {
        AgreesWithScalar(new AddOp());
        AgreesWithScalar(new SubtractOp());
        AgreesWithScalar(new MultiplyOp());
        AgreesWithScalar(new DivideOp());
        AgreesWithScalar(new MaxOp());
        AgreesWithScalar(new MaxShareOp());
        AgreesWithScalar(new LeakyReluGradOp(0.2f));
        AgreesWithScalar(new AddScaledOp(0.3f), 1e-6);
        AgreesWithScalar(new LerpOp(0.01f), 1e-6);
        AgreesWithScalar(new TanhGradOp(), 1e-6);
        AgreesWithScalar(new SigmoidGradOp(), 1e-6);
    }
}
