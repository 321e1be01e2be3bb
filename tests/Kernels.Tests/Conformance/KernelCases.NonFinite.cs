using Sagan.Native.Kernels;
using static Sagan.Native.Tests.Conformance.Operand;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// NaN, infinities, zeros of both signs, denormals and the largest floats where kernels can meet them: what is NaN, infinite or finite in
/// the definition is so on every device. The elementwise functions have theirs in KernelCases.Elementwise.cs.
/// </summary>
static partial class KernelCases
{
    static IEnumerable<KernelCase> NonFinite() =>
        [.. Activations.SelectMany(Epilogues), .. Activations.SelectMany(BackwardOfEpilogues), .. Activations.SelectMany(Normalised),
        .. RowsWith(), .. BranchesWith()];

    static readonly float[] InOneRow = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f, 1e-40f, 7, -7];

    static Operand Special(string name, int count) => In(name, count, i => SpecialValues[i % SpecialValues.Length]);

    static Operand Same(string name, int count, float value) => In(name, count, _ => value);

    // A bias of special values behind finite products, on every way that a product can take, and special values times 1.
    static IEnumerable<KernelCase> Epilogues(Activation act)
    {
        MatMulSpec[] products =
        [
            new(1, 3, 40, 5, false, true, 0, 0), new(1, 1, 40, 5, false, true, 0, 0), new(1, 1, 1040, 3, false, false, 0, 0),
                new(1, 8, 40, 5000, true, false, 0, 0),
        ];
        foreach (MatMulSpec s in products)
            yield return SpecialBias(nameof(IFusedBias.MatMulBias), Describe(s), s.M * s.K, s.K * s.N, s.M * s.N, s.N, s.K, act,
                (d, a, b, scale, bias, y) => d.MatMulBias(a, b, scale, bias, y, s, act), (d, t) => d.MatMul(t[0], t[1], t[^1], s));
        Conv2dSpec[] images = [Conv(1, 5, 6, 3, 40, 3, 3, 1, 1), Conv(1, 3, 3, 20, 40, 3, 3, 2, 1), Conv(2, 2, 2, 5, 40, 1, 1, 1, 0)];
        foreach (Conv2dSpec s in images)
        {
            (int x, int w, int y) = ConvCounts(s);
            yield return SpecialBias(nameof(IFusedBias.Conv2dBias), Describe(s), x, w, y, s.Co, s.Kh * s.Kw * s.Ci, act,
                (d, a, b, scale, bias, o) => d.Conv2dBias(a, b, scale, bias, o, s, act), (d, t) => d.Conv2d(t[0], t[1], t[^1], s));
        }
        Conv2dSpec[] transposed = [Conv(1, 6, 6, 7, 5, 4, 4, 2, 1), Conv(1, 6, 6, 40, 5, 4, 4, 2, 1), Conv(2, 4, 4, 19, 6, 4, 4, 1, 0)];
        foreach (Conv2dSpec s in transposed)
        {
            (int x, int w, int y) = ConvCounts(s);
            yield return SpecialBias(nameof(IFusedBias.ConvTranspose2dBias), Describe(s), y, w, x, s.Ci, s.Kh * s.Kw * s.Co, act,
                (d, a, b, scale, bias, o) =>
                d.ConvTranspose2dBias(a, b, scale, bias, o, s, act), (d, t) => d.Conv2dInputGrad(t[0], t[1], t[^1], s));
        }
        int k = SpecialValues.Length;
        foreach (int n in (int[])[1, 17])
        {
            MatMulSpec s = new(1, k, n, 1, false, true, 0, 0);
            yield return WithBias(nameof(IFusedBias.MatMulBias), $"special values times 1, {n} columns",
                [Special("a", k), Same("b", n, 1), Out("y", k * n)], false,
                true, n, 1, act, (d, a, b, scale, bias, y) =>
                    d.MatMulBias(a, b, scale, bias, y, s, act), (d, t) => d.MatMul(t[0], t[1], t[^1], s))
                with
            { Bound = OfClass };
        }
    }

    static KernelCase SpecialBias(string method, string sizes, int a, int b, int y, int channels, int terms, Activation act, BiasCall call,
        Action<Backend, Storage[]> product)
    {
        KernelCase c = WithBias(method, $"{sizes} special bias", [In("a", a), In("b", b), Out("y", y)], true, true, channels, terms, act,
            call, product);
        return c with { Operands = [.. c.Operands.Select(o => o.Name == "bias" ? Special("bias", channels) : o)] };
    }

    // Finite where the definition is, and then near it.
    static Bound OfClass => Bounds.Relative(1e-5, 1e-6);

    // Every g with every y, one to a column, so that no sum mixes them.
    static IEnumerable<KernelCase> BackwardOfEpilogues(Activation act)
    {
        int k = SpecialValues.Length, n = k * k;
        Operand g = In("g", n, i => SpecialValues[i % k]), y = In("y", n, i => SpecialValues[i / k]);
        yield return new KernelCase(nameof(IFusedBias.BiasActivationBackward), $"special values {Describe(act)}",
            [g, y, Out("dz", n), Out("dbias", n)],
            (d, t) => ((IFusedBias)d).BiasActivationBackward(t[0], t[1], t[2], t[3], 1, n, act), OfGradient)
        {
            Capability = typeof(IFusedBias),
            Definition = t => FusedDefinitions.BiasActivationBackward(t, 1, n, act),
            Aliases = [(2, 0)],
        };
        yield return new KernelCase(nameof(IFusedBias.BiasActivationBackward), $"special values {Describe(act)} no dbias",
            [g, y, Out("dz", n)],
            (d, t) => ((IFusedBias)d).BiasActivationBackward(t[0], t[1], t[2], null, 1, n, act), OfGradient)
        {
            Capability = typeof(IFusedBias),
            Definition = t => FusedDefinitions.BiasActivationBackward([.. t, new float[n]], 1, n, act),
            Aliases = [(2, 0)],
        };
    }

    static Bound OfGradient => Bounds.Relative(TwoRoundings, float.Epsilon);

    static IEnumerable<KernelCase> Normalised(Activation act)
    {
        int k = SpecialValues.Length;
        BatchNormSpec s = new(3, k, 1e-5f, act);
        yield return new KernelCase(nameof(IFusedBatchNorm.BatchNormInference), $"special values {Describe(act)}",
            [Special("x", 3 * k), Same("weight", k, 0.5f), Same("bias", k, -0.25f), Same("mean", k, 0.1f), Same("variance", k, 1),
            Out("y", 3 * k)], (d, t) => ((IFusedBatchNorm)d).BatchNormInference(t[0], t[1], t[2], t[3], t[4], t[5], s), OfClass)
        {
            Capability = typeof(IFusedBatchNorm),
            Definition = t => FusedDefinitions.BatchNormInference(t, s),
            Aliases = [(5, 0)],
        };
        // The second row has g = 0: sums over a channel are the first row's terms. y is what a tanh can be, so that nothing finite
        // overflows.
        int n = k * k;
        BatchNormSpec pairs = new(2, n, 1e-5f, act);
        yield return new KernelCase(nameof(IFusedBatchNorm.BatchNormBackward), $"special values {Describe(act)}",
            [
                In("g", 2 * n, i => i < n ? SpecialValues[i % k] : 0), In("x", 2 * n, i => i < n ? 1 : -1),
                In("y", 2 * n, i => i < n ? Math.Clamp(SpecialValues[i / k], -1, 1) : 1),
                Same("weight", n, 0.5f), Same("mean", n, 0), Same("variance", n, 1), Out("dx", 2 * n), Out("dweight", n), Out("dbias", n),
            ],
            (d, t) => ((IFusedBatchNorm)d).BatchNormBackward(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], pairs),
            (_, _, expected) => [.. expected.Select((_, i) => 1e-5 * Math.Max(1, Math.Abs((double)Finite(SpecialValues[i % n % k]))))])
        {
            Capability = typeof(IFusedBatchNorm),
            Definition = t => FusedDefinitions.BatchNormBackward(t, pairs),
            Aliases = [(6, 0)],
        };

        static float Finite(float v) => float.IsFinite(v) ? v : 1;

        // A channel with an infinity has an infinite mean and no variance.
        BatchNormSpec batch = new(700, 10, 1e-5f, act);
        foreach (int at in (int[])[0, 5, 699])
            yield return new KernelCase(nameof(IFusedBatchNorm.BatchNorm), $"special values in row {at} {Describe(act)}",
                [
                    In("x", 7000, i => i / 10 == at && i % 10 < 8 ? InOneRow[i % 10] : MathF.Sin(i)),
                    Same("weight", 10, 0.5f), Same("bias", 10, 0.25f), Out("y", 7000), Out("mean", 10), Out("variance", 10),
                ],
                (d, t) => ((IFusedBatchNorm)d).BatchNorm(t[0], t[1], t[2], t[3], t[4], t[5], batch), OfClass)
            {
                Capability = typeof(IFusedBatchNorm),
                Definition = t => FusedDefinitions.BatchNorm(t, batch),
                Aliases = [(3, 0)],
            };
    }

    // One special value to a row, at different places, and what may lie beside it.
    static IEnumerable<KernelCase> RowsWith()
    {
        int k = SpecialValues.Length;
        foreach (int columns in (int[])[3, 33, 5000])
        {
            Operand Rows(float last) => In("x", k * columns, i =>
                i % columns == i / columns * 7 % columns ? SpecialValues[i / columns] : i % columns == columns - 1 ? last : 0.5f);
            ReduceSpec s = new(new Shape(k, columns), [false, true]);
            foreach (float last in (float[])[0.5f, float.PositiveInfinity])
            {
                yield return new KernelCase(nameof(Backend.Softmax), $"[{k}, {columns}] special values beside {last}",
                    [Rows(last), Out("y", k * columns)],
                    (d, t) => d.Softmax(t[0], t[1], k, columns), Bounds.Relative(5e-6, 1e-37))
                { Aliases = [(1, 0)] };
                yield return new KernelCase(nameof(Backend.Sum), $"[{k}, {columns}] kr special values beside {last}",
                    [Rows(last), Out("y", k)],
                    (d, t) => d.Sum(t[0], t[1], s), Bounds.Relative(1e-6, 1e-6 * columns));
            }
            ReduceSpec down = new(new Shape(columns, k), [true, false]);
            yield return new KernelCase(nameof(Backend.Sum), $"[{columns}, {k}] rk special values",
                [In("x", k * columns, i => i / k == i % k * 7 % columns ? SpecialValues[i % k] : 0.5f), Out("y", k)], (d, t) =>
                d.Sum(t[0], t[1], down),
                Bounds.Relative(1e-6, 1e-6 * columns));
        }
        // Scores of minus infinity before all others, as many as fill tiles of every device; the other row has plus infinity there.
        AttentionSpec late = new(1, 2, 150, 1, 2, 1);
        yield return new KernelCase(nameof(IFusedAttention.Attention), "130 keys of minus infinity, then 20",
            [In("q", 2, i => 1 - 2 * i), In("k", 150, i => i < 130 ? float.NegativeInfinity : 0.1f * i), In("v", 300), Out("o", 4),
            Out("rows", 4)], (d, t) => ((IFusedAttention)d).Attention(t[0], t[1], t[2], t[3], t[4], late), OfClass)
        {
            Capability = typeof(IFusedAttention),
            Definition = t => FusedDefinitions.Attention(t, late),
        };
        AttentionSpec a = new(k, 1, 3, 1, 2, 1);
        yield return new KernelCase(nameof(IFusedAttention.Attention), "special values as keys",
            [Same("q", k, 1), In("k", 3 * k, i => i % 3 == 0 ? SpecialValues[i / 3] : i % 3), In("v", 6 * k), Out("o", 2 * k),
            Out("rows", 2 * k)], (d, t) => ((IFusedAttention)d).Attention(t[0], t[1], t[2], t[3], t[4], a), Bounds.Relative(1e-5, 1e-5))
        {
            Capability = typeof(IFusedAttention),
            Definition = t => FusedDefinitions.Attention(t, a),
        };
    }

    static IEnumerable<KernelCase> BranchesWith()
    {
        int k = SpecialValues.Length;
        yield return new KernelCase(nameof(IFusedResidual.Residual), "special values",
            [Same("x", k, 0.25f), Special("o", k), Same("gamma", 1, 0.5f), Out("y", k)],
            (d, t) => ((IFusedResidual)d).Residual(t[0], t[1], t[2], t[3], k), OfClass)
        {
            Capability = typeof(IFusedResidual),
            Definition = FusedDefinitions.Residual,
            Aliases = [(3, 0), (3, 1)],
        };
        yield return new KernelCase(nameof(IFusedResidual.ResidualBackward), "special values",
            [Special("g", k), Same("o", k, 0.5f), Same("gamma", 1, 0.5f), Out("do", k), Out("dgamma", 1)],
            (d, t) => ((IFusedResidual)d).ResidualBackward(t[0], t[1], t[2], t[3], t[4], k), OfGradient)
        {
            Capability = typeof(IFusedResidual),
            Definition = FusedDefinitions.ResidualBackward,
            Aliases = [(3, 0), (3, 1)],
        };
    }
}
