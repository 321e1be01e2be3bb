using Sagan.Native.Kernels;
using static Sagan.Native.Tests.Conformance.Operand;

namespace Sagan.Native.Tests.Conformance;

static partial class KernelCases
{
    // One rounding of each of two terms.
    const double TwoRoundings = 2.4e-7;

    static readonly float[] SpecialValues =
    [
        float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, 1, -1, float.Epsilon, -float.Epsilon, 1e-39f, 1.1754944e-38f,
            float.MaxValue,
        float.MinValue, 1e-8f, 1e30f,
        -1e30f, 17, -17, 0.5f,
    ];

    static IEnumerable<KernelCase> Elementwise()
    {
        foreach (int n in Lengths)
        {
            yield return new KernelCase(nameof(Backend.Fill), $"[{n}]", [Out("y", n)], (d, t) => d.Fill(t[0], n, 1.5f), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.Copy), $"[{n}]", [In("x", n), Out("y", n)], (d, t) => d.Copy(t[0], t[1], n),
                Bounds.Exact);
        }
    }

    static IEnumerable<KernelCase> Functions() =>
    [
        .. Map(new AffineOp(0.7f, 0.3f), OfTerms),
        .. Map(new SquareOp(), Bounds.Exact),
        .. Map(new SqrtOp(), Bounds.Exact),
        .. Map(new DivideByOp(3), Bounds.Exact),
        .. Map(new DivideByOp(1e-39f), Bounds.Exact, what: " by 1e-39"),
        .. Map(new QuotientOp(1e-10f), Bounds.Exact),
        .. Map(new ReciprocalOp(), Bounds.Exact),
        .. Map(new AbsOp(), Bounds.Exact),
        .. Map(new SignOp(), Bounds.Exact),
        .. Map(new NonZeroOp(), Bounds.Exact),
        .. Map(new InverseNormOp(), Bounds.Exact),
        .. Map(new ClampOp(-0.5f, 0.75f), Bounds.Exact),
        .. Map(new ClampOp(1, -1), Bounds.Exact, what: " with low above high"),
        .. Map(new ReluOp(), Bounds.Exact),
        .. Map(new LeakyReluOp(0.1f), Bounds.Exact),
        .. Map(new LeakyReluOp(0), Bounds.Exact, what: " slope 0"),
        .. Map(new ExpOp(), Ulps(2), scale: 20),
        .. Map(new LogOp(), Ulps(2), scale: 20),
        .. Map(new TanhOp(), Ulps(4)),
        .. Map(new SigmoidOp(), Ulps(4), scale: 5),
        .. Map(new SoftplusOp(), Ulps(4), scale: 5),
        .. Zip(new AddOp(), Bounds.Exact),
        .. Zip(new SubtractOp(), Bounds.Exact),
        .. Zip(new MultiplyOp(), Bounds.Exact),
        .. Zip(new DivideOp(), Bounds.Exact),
        .. Zip(new MaxOp(), Bounds.Exact),
        .. Zip(new GreaterOp(), Bounds.Exact),
        .. Zip(new GreaterOrEqualOp(), Bounds.Exact),
        .. Zip(new EqualOp(), Bounds.Exact),
        .. Zip(new AddScaledOp(0.3f), OfTerms),
        .. Zip(new LerpOp(0.1f), OfSum),
        .. Zip(new MaxShareOp(), Bounds.Exact),
        .. Zip(new ShareOp(), Bounds.Exact),
        .. Zip(new LeakyReluGradOp(0.1f), Bounds.Exact),
        .. Zip(new LeakyReluGradOp(0), Bounds.Exact, " slope 0"),
        .. Zip(new TanhGradOp(), OfProduct),
        .. Zip(new SigmoidGradOp(), OfProduct),
    ];

    // What SimdMath states, in units in the last place, and 2 for the scalar form; below the normal range an absolute error.
    static Bound Ulps(int n) => Bounds.Relative((n + 2) * 1.2e-7, 1e-37);

    static Bound OfTerms => Bounds.OfAbsolute(TwoRoundings, (c, values) => c.Define(values), absolute: float.Epsilon);

    // |a| + |b|: a difference inside the function may cancel, or be contracted.
    static Bound OfSum => (c, _, _) => [.. c.Values()[0].Zip(c.Values()[1], (a, b) =>
        TwoRoundings * (Math.Abs((double)a) + Math.Abs((double)b)) + float.Epsilon)];

    // |g| (1 + y^2).
    static Bound OfProduct => (c, _, _) => [.. c.Values()[0].Zip(c.Values()[1], (g, y) =>
        TwoRoundings * Math.Abs((double)g) * (1 + (double)y * y) + float.Epsilon)];

    static IEnumerable<KernelCase> Map<TOp>(TOp f, Bound bound, double scale = 1, string what = "") where TOp : unmanaged, IUnaryOp
    {
        foreach (int n in Lengths) yield return MapCase(f, $"[{n}]{what}", In("x", n, scale), bound);
        yield return MapCase(f, $"special values{what}", In("x", SpecialValues.Length, i => SpecialValues[i]), bound);
    }

    static KernelCase MapCase<TOp>(TOp f, string sizes, Operand x, Bound bound) where TOp : unmanaged, IUnaryOp =>
        new(nameof(Backend.Map), $"{typeof(TOp).Name} {sizes}", [x, Out("y", x.Count)], (d, t) => d.Map(t[0], t[1], x.Count, f), bound)
        {
            Function = typeof(TOp),
            Aliases = [(1, 0)],
        };

    static IEnumerable<KernelCase> Zip<TOp>(TOp f, Bound bound, string what = "") where TOp : unmanaged, IBinaryOp
    {
        foreach (int n in Lengths)
        {
            KernelCase c = ZipCase(f, new Shape(n), new Shape(n), bound);
            yield return c with { Sizes = c.Sizes + what };
        }
        int k = SpecialValues.Length;
        KernelCase special = ZipCase(f, new Shape(k * k), new Shape(k * k), bound);
        yield return special with
        {
            Sizes = $"{typeof(TOp).Name} special values{what}",
            Operands = [In("a", k * k, i => SpecialValues[i % k]), In("b", k * k, i => SpecialValues[i / k]), Out("y", k * k)],
        };
    }

    static KernelCase ZipCase<TOp>(TOp f, Shape a, Shape b, Bound bound) where TOp : unmanaged, IBinaryOp
    {
        Shape y = Shape.Broadcast("test", a, b);
        return new KernelCase(nameof(Backend.Zip), $"{typeof(TOp).Name} {a} {b}", [In("a", a.Count), In("b", b.Count), Out("y", y.Count)],
            (d, t) => d.Zip(t[0], t[1], t[2], new BroadcastSpec(a, b, y), f), bound)
        {
            Function = typeof(TOp),
            Aliases = a == y ? [(2, 0)] : [],
        };
    }

    static IEnumerable<KernelCase> Broadcasts()
    {
        (int[] A, int[] B)[] pairs =
        [
            ([5], []), ([], [17]), ([3, 7], [7]), ([7], [3, 7]), ([3, 1], [1, 7]), ([3, 7], [3, 1]), ([2, 3, 5], [3, 1]),
                ([2, 1, 5], [3, 1]),
            ([4, 1, 3, 1], [5, 1, 7]), ([1], [1, 1, 1]),
            ([3, 0], [1]), ([2, 3, 1, 5, 1], [1, 4, 1, 6]), ([32, 16, 16, 64], [64]), ([32, 16, 16, 64], [32, 1, 1, 64]),
            ([32, 1, 1, 1], [32, 16, 16, 3]),
            ([100_003], []),
            ([2, 1, 2, 1, 2, 1, 2, 3], [1, 2, 1, 2, 1, 2, 1, 3]), ([1000, 33], [33]), ([33, 1000], [33, 1]),
        ];
        foreach ((int[] a, int[] b) in pairs) yield return ZipCase(new SubtractOp(), new Shape(a), new Shape(b), Bounds.Exact);

        (int[] X, int[] Y)[] repeats =
        [
            ([], [1]), ([], [1000]), ([7], [3, 7]), ([3, 1], [3, 7]), ([1, 5, 1], [4, 5, 6]), ([2, 1, 3, 1], [2, 5, 3, 7]),
                ([64], [32, 16, 16, 64]),
            ([32, 1, 1, 64], [32, 16, 16, 64]),
            ([0], [3, 0]), ([1, 2, 1, 2, 1, 2, 1, 2], [2, 2, 3, 2, 2, 2, 3, 2]), ([5, 9], [5, 9]), ([100_003, 1], [100_003, 3]),
        ];
        foreach ((int[] from, int[] to) in repeats)
        {
            Shape x = new(from), y = new(to);
            yield return new KernelCase(nameof(Backend.BroadcastTo), $"{x} to {y}", [In("x", x.Count), Out("y", y.Count)],
                (d, t) => d.BroadcastTo(t[0], t[1], new BroadcastSpec(x, x, y)), Bounds.Exact);
        }
    }
}
