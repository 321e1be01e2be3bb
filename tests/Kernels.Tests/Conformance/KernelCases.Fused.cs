using Sagan.Native.Kernels;
using static Sagan.Native.Tests.Conformance.Operand;

namespace Sagan.Native.Tests.Conformance;

static partial class KernelCases
{
    static readonly Activation[] Activations = [Activation.None, Activation.Relu, Activation.LeakyRelu(0.1f), Activation.Tanh];

    static IEnumerable<KernelCase> Attentions()
    {
        (AttentionSpec, double)[] attentions =
        [
            (new(1, 1, 1, 1, 1, 1), 1), (new(1, 5, 3, 2, 7, 1), 1), (new(2, 37, 19, 5, 7, 0.5f), 1), (new(3, 17, 65, 16, 33, 1), 1),
            (new(1, 65, 130, 9, 16, 0.25f), 1), (new(1, 3, 200, 8, 20, 1), 1),
            (new(1, 40, 50, 8, 16, 1), 6), (new(0, 4, 4, 8, 8, 1), 1),
            // At the edges of the GPU's tiles: 64 rows owned, 32 walked over, 16 of dk, 64 of dv.
            (new(1, 64, 32, 33, 64, 1), 1), (new(1, 63, 33, 1, 70, 1), 1), (new(1, 33, 64, 8, 64, 1), 1), (new(1, 32, 31, 5, 128, 1), 1),
            (new(2, 65, 65, 8, 1, 1), 1), (new(1, 16, 66, 64, 5, 0.1f), 1), (new(1, 97, 128, 16, 8, 0.5f), 1),
            // SAGAN-64: G's attention at 16x16 and 32x32, D's at 8x8 and 4x4; pooled keys of the official code.
            (new(2, 256, 256, 16, 128, 1), 1), (new(2, 1024, 1024, 8, 64, 1), 1), (new(2, 64, 64, 32, 256, 1), 1),
                (new(2, 16, 16, 64, 512, 1), 1),
            (new(1, 256, 64, 16, 64, 1), 1), (new(1, 37, 70, 5, 7, -0.7f), 1), (new(1, 9, 40, 4, 6, 0), 1),
            // Scores of some thousands, of which one is nearly all of its row, or a few are alike.
            (new(1, 9, 70, 3, 5, 1), 40), (new(1, 70, 33, 20, 70, 0.5f), 30),
            // Without queries, keys, or channels of either kind.
            (new(2, 0, 3, 2, 2, 1), 1), (new(2, 70, 0, 2, 2, 1), 1), (new(2, 40, 70, 0, 3, 1), 1), (new(2, 40, 70, 3, 0, 1), 1),
                (new(1, 0, 0, 0, 0, 1), 1),
        ];
        foreach ((AttentionSpec s, double scale) in attentions)
        {
            int q = s.Batch * s.N * s.Dk, k = s.Batch * s.M * s.Dk, v = s.Batch * s.M * s.Dv, o = s.Batch * s.N * s.Dv;
            string sizes = $"{s.Batch} x {s.N} x {s.M} dk {s.Dk} dv {s.Dv} scale {s.Scale}{(scale == 1 ? "" : $" inputs times {scale}")}";
            yield return new KernelCase(nameof(IFusedAttention.Attention), sizes,
                [In("q", q, scale), In("k", k, scale), In("v", v), Out("o", o), Out("rows",
                2 * s.Batch * s.N)],
                (d, t) => ((IFusedAttention)d).Attention(t[0], t[1], t[2], t[3], t[4], s), AttentionBound(s))
            {
                Capability = typeof(IFusedAttention),
                Definition = t => FusedDefinitions.Attention(t, s),
            };
            yield return new KernelCase(nameof(IFusedAttention.AttentionBackward), sizes,
                [In("q", q, scale), In("k", k, scale), In("v", v), In("o", o), In("rows", 2 * s.Batch * s.N), In("g", o), Out("dq", q),
                Out("dk", k), Out("dv", v)],
                (d, t) => ((IFusedAttention)d).AttentionBackward(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], s),
                AttentionGradBound(s))
            {
                Capability = typeof(IFusedAttention),
                Definition = t => FusedDefinitions.AttentionBackward(t, s),
                Prepare = t => FusedDefinitions.Attention(t, s),
            };
        }
    }

    static Bound AttentionBound(AttentionSpec s) => (c, output, expected) =>
    {
        float[][] t = c.Values();
        double largest = t[2].Select(v => Math.Abs((double)v)).DefaultIfEmpty().Max(), terms = FusedDefinitions.ScoreTerms(t[0], t[1], s);
        double error = 2e-5 + 6e-8 * terms, max = 3e-7 * FusedDefinitions.ScoreTerms(t[0], t[1], s with { Scale = 1 });
        return output == 3 ? [.. expected.Select(_ => error * largest)]
            : [.. expected.Select((e, i) => i < s.Batch * s.N ? max : error * e)];
    };

    static Bound AttentionGradBound(AttentionSpec s) => (c, output, expected) =>
    {
        float[][] t = c.Values();
        double error = 5e-6 + 6e-8 * FusedDefinitions.ScoreTerms(t[0], t[1], s), terms = FusedDefinitions.AttentionTerms(t, s)[output - 6];
        return [.. expected.Select(_ => error * terms + float.Epsilon)];
    };

    static IEnumerable<KernelCase> BatchNorms()
    {
        // Rows, channels, mean of x.
        (int, int, double)[] sizes = [(1, 1, 0), (2, 1, 0), (7, 3, 0), (1, 5, 0), (129, 17, 0), (1000, 33, 0), (300, 20, 100),
            (20_000, 3, 0), (32, 512, 0),
        (128, 256, 0), (512, 128, 0), (2048, 64, 0.5)];
        foreach ((int rows, int channels, double shift) in sizes)
            foreach (Activation act in Activations)
            {
                BatchNormSpec s = new(rows, channels, 1e-5f, act);
                int n = rows * channels;
                string name = $"[{rows}, {channels}] {Describe(act)} mean {shift}";
                Operand x = In("x", n, 1, shift), weight = In("weight", channels, 0.2, 1), bias = In("bias", channels, 0.3),
                    variance = In("variance", channels, random => 0.5f + random.NextSingle());
                yield return new KernelCase(nameof(IFusedBatchNorm.BatchNorm), name,
                    [x, weight, bias, Out("y", n), Out("mean", channels), Out("variance",
                    channels)],
                    (d, t) => ((IFusedBatchNorm)d).BatchNorm(t[0], t[1], t[2], t[3], t[4], t[5], s), NormBound(shift, 3))
                {
                    Capability = typeof(IFusedBatchNorm),
                    Definition = t => FusedDefinitions.BatchNorm(t, s),
                    Aliases = [(3, 0)],
                };
                yield return new KernelCase(nameof(IFusedBatchNorm.BatchNormInference), name,
                    [x, weight, bias, In("mean", channels, 0.1, shift), variance,
                    Out("y", n)],
                    (d, t) => ((IFusedBatchNorm)d).BatchNormInference(t[0], t[1], t[2], t[3], t[4], t[5], s), NormBound(shift, 5))
                {
                    Capability = typeof(IFusedBatchNorm),
                    Definition = t => FusedDefinitions.BatchNormInference(t, s),
                    Aliases = [(5, 0)],
                };
                yield return new KernelCase(nameof(IFusedBatchNorm.BatchNormBackward), name,
                    [In("g", n), x, In("y", n), weight, In("mean", channels), variance, Out("dx", n), Out("dweight", channels),
                    Out("dbias", channels)],
                    (d, t) => ((IFusedBatchNorm)d).BatchNormBackward(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], s),
                    NormBackwardBound(s, shift))
                {
                    Capability = typeof(IFusedBatchNorm),
                    Definition = t => FusedDefinitions.BatchNormBackward(t, s),
                    Prepare = t => PrepareNormBackward(t, s),
                    Aliases = [(6, 0)],
                };
            }
    }

    // y, mean and variance of the forward pass that the backward pass follows.
    static void PrepareNormBackward(float[][] t, BatchNormSpec s) =>
        FusedDefinitions.BatchNorm([t[1], t[3], new float[s.Channels], t[2], t[4], t[5]], s);

    // A float mean carries 6e-8 of its size, and so does x - mean.
    static Bound NormBound(double shift, int y) => (_, output, expected) =>
        [.. expected.Select(e => output == y ? 2e-6 * (1 + shift) * (1 + Math.Abs((double)e))
        : 1e-6 * (1 + shift) * Math.Max(1, Math.Abs((double)e)))];

    // Relative to the sum of the absolute terms, |z| <= |g|: of a sum over rows for dweight and dbias, of M z - dbias - xh dweight for dx,
    // which may cancel.
    static Bound NormBackwardBound(BatchNormSpec s, double shift) => (c, output, expected) =>
    {
        double error = 1e-6 * (1 + shift);
        float[][] t = c.Values();
        double[] dweight = new double[s.Channels], dbias = new double[s.Channels];
        double Deviation(int channel) => Math.Sqrt((double)t[5][channel] + s.Epsilon);
        double Xh(int i) => Math.Abs(t[1][i] - (double)t[4][i % s.Channels]) / Deviation(i % s.Channels) + shift;
        for (int i = 0; i < t[0].Length; i++)
        {
            dweight[i % s.Channels] += Math.Abs(t[0][i]) * Xh(i);
            dbias[i % s.Channels] += Math.Abs(t[0][i]);
        }
        double Dx(int i, int channel) =>
            Math.Abs(t[3][channel]) / (s.Rows * Deviation(channel)) * (s.Rows * Math.Abs((double)t[0][i]) + dbias[channel] +
            Xh(i) * dweight[channel]);
        return [.. expected.Select((_, i) => error * (output switch { 6 => Dx(i, i % s.Channels), 7 => dweight[i], _ => dbias[i] }))];
    };

    static IEnumerable<KernelCase> BiasActivations()
    {
        foreach (Activation act in Activations)
        {
            MatMulSpec[] products =
            [
                new(1, 1, 1, 1, false, false, 0, 0), new(1, 7, 5, 3, false, true, 0, 0), new(1, 17, 33, 65, false, false, 0, 0),
                new(1, 65, 31, 18, true, false, 0, 0), new(3, 7, 18, 9, false, true, 63, 0),
                new(1, 512, 16, 128, false, true, 0, 0), new(1, 1, 1037, 5, false, false, 0, 0), new(1, 1037, 1, 5, true, false, 0, 0),
            ];
            // Scale and bias; without an activation also either of them alone.
            (bool, bool)[] parts = act.Kind == ActivationKind.None ? [(true, true), (true, false), (false, true)] : [(true, true)];
            foreach ((bool scaled, bool biased) in parts)
            {
                foreach (MatMulSpec s in products)
                    yield return WithBias(nameof(IFusedBias.MatMulBias), Describe(s), MatMulOperands(s), scaled, biased, s.N, s.K, act,
                        (d, a, b, scale, bias, y) => d.MatMulBias(a, b, scale, bias, y, s, act), (d, t) => d.MatMul(t[0], t[1], t[^1], s));
                foreach (Conv2dSpec s in ConvSizes.Where(s => s.Flops < 2e7))
                {
                    (int x, int w, int y) = ConvCounts(s);
                    yield return WithBias(nameof(IFusedBias.Conv2dBias), Describe(s), [In("x", x), In("w", w), Out("y", y)], scaled, biased,
                        s.Co, s.Kh * s.Kw * s.Ci, act, (d, a, b, scale, bias, y) =>
                        d.Conv2dBias(a, b, scale, bias, y, s, act), (d, t) => d.Conv2d(t[0], t[1], t[^1], s));
                    yield return WithBias(nameof(IFusedBias.ConvTranspose2dBias), Describe(s), [In("x", y), In("w", w), Out("y", x)],
                        scaled, biased, s.Ci,
                        s.Kh * s.Kw * s.Co, act, (d, a, b, scale, bias, y) => d.ConvTranspose2dBias(a, b, scale, bias, y, s, act),
                        (d, t) => d.Conv2dInputGrad(t[0], t[1], t[^1], s));
                }
            }
            yield return new KernelCase(nameof(IFusedBias.BiasActivationBackward), $"[33, 17] {Describe(act)} no dbias",
                [In("g", 33 * 17), In("y", 33 * 17, random => 2 * random.NextSingle() - 1), Out("dz", 33 * 17)],
                (d, t) => ((IFusedBias)d).BiasActivationBackward(t[0], t[1], t[2], null, 33, 17, act),
                (c, _, _) => [.. c.Values()[0].Select(g => TwoRoundings * Math.Abs((double)g))])
            {
                Capability = typeof(IFusedBias),
                Definition = t => FusedDefinitions.BiasActivationBackward([.. t, new float[17]], 33, 17, act),
                Aliases = [(2, 0)],
            };
            foreach ((int rows, int columns) in ((int, int)[])[(1, 1), (7, 3), (33, 17), (1000, 65), (30_000, 3), (512, 128), (1, 1000),
                (0, 4)])
                yield return new KernelCase(nameof(IFusedBias.BiasActivationBackward), $"[{rows}, {columns}] {Describe(act)}",
                    [In("g", rows * columns), In("y", rows * columns, random => 2 * random.NextSingle() - 1), Out("dz", rows * columns),
                    Out("dbias", columns)], (d, t) => ((IFusedBias)d).BiasActivationBackward(t[0], t[1], t[2], t[3], rows, columns, act),
                    (c, output, expected) =>
                    output == 2 ? [.. c.Values()[0].Select(g => TwoRoundings * Math.Abs((double)g))] : SumOfColumns(c.Values()[0],
                    columns, 1e-6))
                {
                    Capability = typeof(IFusedBias),
                    Definition = t => FusedDefinitions.BiasActivationBackward(t, rows, columns, act),
                    Aliases = [(2, 0)],
                };
        }
    }

    static double[] SumOfColumns(float[] x, int columns, double factor) =>
        [.. Enumerable.Range(0, columns).Select(c => factor *
            Enumerable.Range(0, x.Length / columns).Sum(r => Math.Abs((double)x[r * columns + c])))];

    delegate void BiasCall(IFusedBias d, Storage a, Storage b, Storage? scale, Storage? bias, Storage y);

    // operands: the two factors and y; scale and bias go between.
    static KernelCase WithBias(string method, string sizes, Operand[] operands, bool scaled, bool biased, int channels, int terms,
        Activation act, BiasCall call, Action<Backend, Storage[]> product)
    {
        string what = $"{(scaled ? " scale" : "")}{(biased ? " bias" : "")} {Describe(act)}";
        Operand[] scale = scaled ? [In("scale", 1, 0.1, -0.7)] : [], bias = biased ? [In("bias", channels)] : [];
        return new(method, sizes + what, [operands[0], operands[1], .. scale, .. bias, operands[2]],
            (d, t) => call((IFusedBias)d, t[0], t[1], scaled ? t[2] : null, biased ? t[^2] : null, t[^1]),
            Bounds.OfAbsolute(ProductError(terms), (_, t) => Define(t, Activation.None), 3e-7))
        {
            Capability = typeof(IFusedBias),
            Definition = t => Define(t, act),
        };

        float[][] Define(float[][] values, Activation activation)
        {
            FusedDefinitions.Bias(values, scaled, biased, activation, product);
            return values;
        }
    }

    static IEnumerable<KernelCase> Residuals()
    {
        foreach (int n in Lengths)
        {
            yield return new KernelCase(nameof(IFusedResidual.Residual), $"{n}", [In("x", n), In("o", n), In("gamma", 1), Out("y", n)],
                (d, t) => ((IFusedResidual)d).Residual(t[0], t[1], t[2], t[3], n), Bounds.OfAbsolute(TwoRoundings))
            {
                Capability = typeof(IFusedResidual),
                Definition = FusedDefinitions.Residual,
                Aliases = [(3, 0), (3, 1)],
            };
            yield return new KernelCase(nameof(IFusedResidual.ResidualBackward), $"{n}",
                [In("g", n), In("o", n), In("gamma", 1), Out("do", n), Out("dgamma", 1)],
                (d, t) => ((IFusedResidual)d).ResidualBackward(t[0], t[1], t[2], t[3], t[4], n), Bounds.OfAbsolute(1e-6))
            {
                Capability = typeof(IFusedResidual),
                Definition = FusedDefinitions.ResidualBackward,
                Aliases = [(3, 0), (3, 1)],
            };
        }
    }

    static IEnumerable<KernelCase> SpectralNorms()
    {
        (int, int)[] sizes = [(1, 1), (3, 5), (17, 33), (1, 50), (50, 1), (64, 48), (129, 257), (128, 1024), (5, 520), (5, 515), (70, 5)];
        foreach ((int rows, int columns) in sizes)
            foreach (bool transpose in (bool[])[false, true])
            {
                int u = transpose ? columns : rows, v = transpose ? rows : columns, n = rows * columns;
                foreach ((int iterations, NormEpsilon form) in ((int, NormEpsilon)[])[(0, NormEpsilon.Max), (1, NormEpsilon.Max),
                    (1, NormEpsilon.Add), (3, NormEpsilon.Max)])
                {
                    PowerIterationSpec s = new(rows, columns, transpose, iterations, 1e-12f, form);
                    yield return PowerIterationCase(s, "", In("w", n), In("u", u, 1 / Math.Sqrt(u)), In("v", v, 1 / Math.Sqrt(v)));
                }
                PowerIterationSpec back = new(rows, columns, transpose, 1, 1e-12f, NormEpsilon.Max);
                yield return new KernelCase(nameof(IFusedSpectralNorm.SpectralNormBackward), $"[{rows}, {columns}]{(transpose ? "'" : "")}",
                    [In("g", n), In("w", n), In("u", u, 1 / Math.Sqrt(u)), In("v", v, 1 / Math.Sqrt(v)), In("sigma", 1, 0.1, 3),
                    Out("dw", n)], (d, t) => ((IFusedSpectralNorm)d).SpectralNormBackward(t[0], t[1], t[2], t[3], t[4], t[5], back),
                    Bounds.OfLargest(1e-5))
                {
                    Capability = typeof(IFusedSpectralNorm),
                    Definition = t => FusedDefinitions.SpectralNormBackward(t, back),
                    Aliases = [(5, 0)],
                };
            }
        // The largest weight of SAGAN-64's discriminator.
        yield return PowerIterationCase(new PowerIterationSpec(512, 4096, false, 1, 1e-12f, NormEpsilon.Max), "", In("w", 512 * 4096),
            In("u", 512, 0.05), In("v", 4096, 0.02));
        foreach (NormEpsilon form in (NormEpsilon[])[NormEpsilon.Max, NormEpsilon.Add])
            yield return PowerIterationCase(new PowerIterationSpec(9, 20, false, 1, 1e-12f, form), " zero matrix", In("w", 180, scale: 0),
                In("u", 9), In("v", 20));
        // Weights whose squares are no floats, and shorter than eps.
        foreach (double scale in (double[])[1e-13, 1e-20, 1e20])
            yield return PowerIterationCase(new PowerIterationSpec(9, 20, false, 2, 1e-12f, NormEpsilon.Max), $" {scale}",
                In("w", 180, scale), In("u", 9, 0.3), In("v", 20, 0.2));
        PowerIterationSpec zero = new(9, 20, false, 1, 1e-12f, NormEpsilon.Max);
        foreach ((double w, double sigma, double shift) in ((double, double, double)[])[(0, 0, 0), (1e-20, 0, 1e-20), (1e20, 0, 1e20),
            (1e-8, 0, 1e-8)])
            yield return new KernelCase(nameof(IFusedSpectralNorm.SpectralNormBackward), $"[9, 20] sigma {shift}",
                [In("g", 180), In("w", 180, w), In("u", 9, 0.3), In("v", 20, 0.2), In("sigma", 1, sigma, shift), Out("dw", 180)],
                (d, t) => ((IFusedSpectralNorm)d).SpectralNormBackward(t[0], t[1], t[2], t[3], t[4], t[5], zero), Bounds.OfLargest(1e-5))
            {
                Capability = typeof(IFusedSpectralNorm),
                Definition = t => FusedDefinitions.SpectralNormBackward(t, zero),
                Aliases = [(5, 0)],
            };
    }

    static KernelCase PowerIterationCase(PowerIterationSpec s, string what, Operand w, Operand u, Operand v) =>
        new(nameof(IFusedSpectralNorm.PowerIteration),
        $"[{s.Rows}, {s.Columns}]{(s.Transpose ? "'" : "")} {s.Iterations} times {s.EpsilonForm}{what}",
            [w, u, v, Out("uOut", u.Count), Out("vOut", v.Count), Out("sigma", 1)],
            (d, t) => ((IFusedSpectralNorm)d).PowerIteration(t[0], t[1], t[2], t[3], t[4], t[5], s), Bounds.OfLargest(1e-5))
        {
            Capability = typeof(IFusedSpectralNorm),
            Definition = t => FusedDefinitions.PowerIteration(t, s),
            Aliases = [(3, 1), (4, 2)],
        };

    static IEnumerable<KernelCase> Adams()
    {
        (int[], AdamSpec)[] steps =
        [
            ([1], new(1e-4f, 0, 0.9, 1e-8f, 1, AdamForm.Torch)), ([17, 3, 1000], new(4e-4f, 0, 0.999, 1e-8f, 1, AdamForm.Torch)),
            ([5, 64, 70_001, 1], new(2e-4f, 0.5, 0.999, 1e-8f, 1000, AdamForm.Torch)),
            ([33, 128], new(1e-4f, 0.9, 0.999, 1e-8f, 7, AdamForm.TensorFlow)),
            ([5000], new(1e-3f, 0, 0.9, 1e-6f, 100_000, AdamForm.TensorFlow)),
            ([], new(1e-3f, 0, 0.9, 1e-6f, 1, AdamForm.Torch)),
        ];
        foreach ((int[] counts, AdamSpec s) in steps)
            yield return new KernelCase(nameof(IFusedAdam.Adam), $"[{string.Join("] [", counts)}] {s}",
                [.. counts.SelectMany(n => (Operand[])[InOut("p", n, 0.1), In("g", n, 0.01), InOut("m", n, 0.01), In("v", n, random =>
                    1e-4f * random.NextSingle(), Role.InOut)])],
                (d, t) => ((IFusedAdam)d).Adam([.. Enumerable.Range(0, counts.Length).Select(i =>
                new AdamSlot(t[4 * i], t[4 * i + 1], t[4 * i + 2],
                t[4 * i + 3], counts[i]))], s),
                (c, output, expected) => AdamBound(c, output, expected, s))
            {
                Capability = typeof(IFusedAdam),
                Definition = t => FusedDefinitions.Adam(t, s),
            };
    }

    // A parameter: its own rounding and 1e-5 of the step; a moment: the rounding of both terms.
    static double[] AdamBound(KernelCase c, int output, float[] expected, AdamSpec s)
    {
        float[][] before = c.Values();
        float[] old = before[output], g = before[output / 4 * 4 + 1];
        return
        [
            .. expected.Select((e, i) => (output % 4) switch
            {
                0 => 1.2e-7 * Math.Abs((double)e) + 1e-5 * (Math.Abs((double)e - old[i]) + 0.01 * s.LearningRate),
                2 => TwoRoundings * (Math.Abs((double)old[i]) + Math.Abs((double)g[i])),
                _ => TwoRoundings * (old[i] + (double)g[i] * g[i]),
            }),
        ];
    }

    static string Describe(Activation act) => act.Kind == ActivationKind.LeakyRelu ? $"leaky {act.Slope}" : $"{act.Kind}";
}
