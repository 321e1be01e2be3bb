using Sagan.Native.Kernels;
using static Sagan.Native.Tests.Conformance.Operand;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// Every size of every kernel as 0, one after the other: outputs that are there are sums of nothing, which are 0, and what a mean of
/// nothing is, NaN. Elementwise functions, broadcasts, sums, permutations and attention have their empty cases where they are listed.
/// </summary>
static partial class KernelCases
{
    static IEnumerable<KernelCase> Empty() =>
        [.. EmptyProducts(), .. EmptyConvolutions(), .. EmptyImages(), .. EmptyRows(), .. EmptyTables(), .. EmptyMatrices(),
        .. EmptySlots()];

    static IEnumerable<KernelCase> EmptyProducts()
    {
        (int, int, int, int)[] sides =
        [
            (0, 3, 5, 7), (2, 0, 5, 7), (2, 3, 0, 7), (2, 3, 5, 0), (1, 1, 5, 0), (1, 3, 1, 0), (1, 1, 1040, 0), (1, 70, 70, 0),
                (1, 1040, 1, 0), (0, 0, 0, 0),
        ];
        foreach ((int b, int m, int n, int k) in sides)
            foreach ((bool ta, bool tb) in ((bool, bool)[])[(false, false), (true, false), (false, true), (true, true)])
            {
                MatMulSpec s = new(b, m, n, k, ta, tb, m * k, k * n);
                Operand[] operands = [In("a", b * m * k), In("b", b * k * n), Out("y", b * m * n)];
                string sizes = $"{b} x [{m}, {k}]{(ta ? "'" : "")} [{k}, {n}]{(tb ? "'" : "")} strided";
                yield return new KernelCase(nameof(Backend.MatMul), sizes, operands, (d, t) => d.MatMul(t[0], t[1], t[2], s), Bounds.Exact);
                foreach (Activation act in (Activation[])[Activation.None, Activation.Tanh])
                    yield return WithBias(nameof(IFusedBias.MatMulBias), sizes, operands, true, true, n, 1, act,
                        (d, a, w, scale, bias, y) => d.MatMulBias(a, w, scale, bias, y, s, act), (d, t) => d.MatMul(t[0], t[1], t[^1], s));
            }
    }

    static IEnumerable<KernelCase> EmptyConvolutions()
    {
        Conv2dSpec[] sizes =
        [
            Conv(0, 5, 5, 3, 20, 3, 3, 1, 1), Conv(2, 5, 5, 0, 20, 3, 3, 1, 1), Conv(2, 5, 5, 3, 0, 3, 3, 1, 1),
                Conv(2, 0, 5, 3, 20, 2, 2, 1, 1),
            Conv(2, 5, 0, 3, 20, 2, 2, 1, 1), Conv(2, 0, 0, 3, 20, 2, 2, 2, 1), Conv(0, 5, 5, 9, 20, 3, 3, 2, 1),
            Conv(2, 5, 5, 9, 0, 3, 3, 2, 1),
            Conv(0, 4, 4, 9, 5, 1, 1, 1, 0), Conv(2, 4, 4, 0, 5, 1, 1, 1, 0), Conv(2, 4, 4, 9, 0, 1, 1, 1, 0),
            Conv(0, 4, 4, 9, 5, 4, 4, 1, 0),
            Conv(2, 4, 4, 0, 5, 4, 4, 1, 0), Conv(2, 4, 4, 9, 0, 4, 4, 1, 0), Conv(2, 0, 5, 9, 20, 4, 4, 2, 2),
        ];
        foreach (Conv2dSpec s in sizes)
        {
            (int x, int w, int y) = ConvCounts(s);
            string name = $"empty {Describe(s)}";
            yield return new KernelCase(nameof(Backend.Conv2d), name, [In("x", x), In("w", w), Out("y", y)],
                (d, t) => d.Conv2d(t[0], t[1], t[2], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.Conv2dInputGrad), name, [In("dy", y), In("w", w), Out("dx", x)],
                (d, t) => d.Conv2dInputGrad(t[0], t[1], t[2], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.Conv2dWeightGrad), name, [In("x", x), In("dy", y), Out("dw", w)],
                (d, t) => d.Conv2dWeightGrad(t[0], t[1], t[2], s), Bounds.Exact);
            Activation act = Activation.LeakyRelu(0.1f);
            yield return WithBias(nameof(IFusedBias.Conv2dBias), name, [In("x", x), In("w", w), Out("y", y)], true, true, s.Co, 1, act,
                (d, a, b, scale, bias, o) => d.Conv2dBias(a, b, scale, bias, o, s, act), (d, t) => d.Conv2d(t[0], t[1], t[^1], s));
            yield return WithBias(nameof(IFusedBias.ConvTranspose2dBias), name, [In("x", y), In("w", w), Out("y", x)], true, true, s.Ci, 1,
                act, (d, a, b, scale, bias, o) =>
                d.ConvTranspose2dBias(a, b, scale, bias, o, s, act), (d, t) => d.Conv2dInputGrad(t[0], t[1], t[^1], s));
        }
    }

    static IEnumerable<KernelCase> EmptyImages()
    {
        foreach (ImageSpec s in (ImageSpec[])[new(0, 3, 4, 5), new(2, 0, 4, 5), new(2, 3, 0, 5), new(2, 3, 4, 0)])
        {
            yield return new KernelCase(nameof(Backend.Upsample2x), $"empty {s}", [In("x", 0), Out("y", 0)],
                (d, t) => d.Upsample2x(t[0], t[1], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.SumPool2x2), $"empty {s}", [In("x", 0), Out("y", 0)],
                (d, t) => d.SumPool2x2(t[0], t[1], s), Bounds.Exact);
        }
        foreach (MaxPool2dSpec s in (MaxPool2dSpec[])[new(0, 4, 4, 3, 2, 2, 0, 2, 2), new(2, 4, 4, 0, 2, 2, 0, 2, 2)])
            yield return new KernelCase(nameof(Backend.MaxPool2d), $"empty {s}", [In("x", 0), Out("y", 0), Out("index", 0)],
                (d, t) => d.MaxPool2d(t[0], t[1], t[2], s), Bounds.Exact);
    }

    static IEnumerable<KernelCase> EmptyRows()
    {
        foreach ((int rows, int columns) in ((int, int)[])[(0, 5), (5, 0), (0, 0)])
        {
            int n = rows * columns;
            yield return new KernelCase(nameof(Backend.Softmax), $"empty [{rows}, {columns}]", [In("x", n), Out("y", n)],
                (d, t) => d.Softmax(t[0], t[1], rows, columns), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.TopKMask), $"empty [{rows}, {columns}]", [In("x", n), Out("y", n)],
                (d, t) => d.TopKMask(t[0], t[1], rows, columns, 1), Bounds.Exact);
            foreach (Activation act in Activations)
            {
                yield return new KernelCase(nameof(IFusedBias.BiasActivationBackward), $"empty [{rows}, {columns}] {Describe(act)}",
                    [In("g", n), In("y", n), Out("dz", n), Out("dbias", columns)],
                    (d, t) => ((IFusedBias)d).BiasActivationBackward(t[0], t[1], t[2], t[3], rows, columns, act), Bounds.Exact)
                {
                    Capability = typeof(IFusedBias),
                    Definition = t => FusedDefinitions.BiasActivationBackward(t, rows, columns, act),
                };
                BatchNormSpec s = new(rows, columns, 1e-5f, act);
                string name = $"empty [{rows}, {columns}] {Describe(act)}";
                Operand x = In("x", n), weight = In("weight", columns), bias = In("bias", columns), mean = In("mean", columns),
                    variance = Same("variance", columns, 1);
                yield return new KernelCase(nameof(IFusedBatchNorm.BatchNorm), name,
                    [x, weight, bias, Out("y", n), Out("mean", columns), Out("variance", columns)],
                    (d, t) => ((IFusedBatchNorm)d).BatchNorm(t[0], t[1], t[2], t[3], t[4], t[5], s), Bounds.Exact)
                {
                    Capability = typeof(IFusedBatchNorm),
                    Definition = t => FusedDefinitions.BatchNorm(t, s),
                };
                yield return new KernelCase(nameof(IFusedBatchNorm.BatchNormInference), name,
                    [x, weight, bias, mean, variance, Out("y", n)],
                    (d, t) => ((IFusedBatchNorm)d).BatchNormInference(t[0], t[1], t[2], t[3], t[4], t[5], s), Bounds.Exact)
                {
                    Capability = typeof(IFusedBatchNorm),
                    Definition = t => FusedDefinitions.BatchNormInference(t, s),
                };
                yield return new KernelCase(nameof(IFusedBatchNorm.BatchNormBackward), name,
                    [In("g", n), x, In("y", n), weight, mean, variance, Out("dx", n), Out("dweight", columns), Out("dbias", columns)],
                    (d, t) => ((IFusedBatchNorm)d).BatchNormBackward(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8], s), Bounds.Exact)
                {
                    Capability = typeof(IFusedBatchNorm),
                    Definition = t => FusedDefinitions.BatchNormBackward(t, s),
                };
            }
        }
    }

    static IEnumerable<KernelCase> EmptyTables()
    {
        foreach (GatherSpec s in (GatherSpec[])[new(5, 0, 3), new(5, 4, 0), new(0, 0, 3), new(0, 0, 0), new(5, 0, 4), new(300, 0, 70)])
        {
            Operand index = Index("index", s.Count, Math.Max(1, s.Rows));
            yield return new KernelCase(nameof(Backend.Gather), $"empty {s}",
                [In("x", s.Rows * s.Width), index, Out("y", s.Count * s.Width)],
                (d, t) => d.Gather(t[0], t[1], t[2], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.ScatterAdd), $"empty {s}",
                [In("y", s.Count * s.Width), index, Out("x", s.Rows * s.Width)],
                (d, t) => d.ScatterAdd(t[0], t[1], t[2], s), Bounds.Exact);
        }
        PhiloxKey key = new(1, 2, 4);
        yield return new KernelCase(nameof(Backend.RandomUniform), "empty", [Out("y", 0)], (d, t) => d.RandomUniform(t[0], 0, key),
            Bounds.Exact);
        yield return new KernelCase(nameof(Backend.RandomNormal), "empty", [Out("y", 0)], (d, t) => d.RandomNormal(t[0], 0, key),
            Bounds.Exact);
        foreach (SliceSpec s in (SliceSpec[])[new(0, 7, 5, 1, 2), new(3, 7, 0, 1, 2), new(3, 7, 5, 1, 0), new(3, 0, 5, 0, 0)])
        {
            int whole = s.Outer * s.Length * s.Inner, piece = s.Outer * s.Count * s.Inner;
            yield return new KernelCase(nameof(Backend.Slice), $"empty {s}", [In("x", whole), Out("y", piece)],
                (d, t) => d.Slice(t[0], t[1], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.Pad), $"empty {s}", [In("x", piece), Out("y", whole)],
                (d, t) => d.Pad(t[0], t[1], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.CopyInto), $"empty {s}", [In("x", piece), InOut("y", whole)],
                (d, t) => d.CopyInto(t[0], t[1], s), Bounds.Exact);
        }
    }

    static IEnumerable<KernelCase> EmptyMatrices()
    {
        foreach ((int rows, int columns) in ((int, int)[])[(0, 5), (5, 0), (0, 0)])
            foreach (bool transpose in (bool[])[false, true])
            {
                int u = transpose ? columns : rows, v = transpose ? rows : columns;
                foreach (int iterations in (int[])[0, 1, 2])
                    yield return PowerIterationCase(new(rows, columns, transpose, iterations, 1e-12f, NormEpsilon.Max), " empty",
                        In("w", 0), In("u", u), In("v", v));
                PowerIterationSpec s = new(rows, columns, transpose, 1, 1e-12f, NormEpsilon.Max);
                yield return new KernelCase(nameof(IFusedSpectralNorm.SpectralNormBackward),
                    $"empty [{rows}, {columns}]{(transpose ? "'" : "")}",
                    [In("g", 0), In("w", 0), In("u", u), In("v", v), In("sigma", 1), Out("dw", 0)],
                    (d, t) => ((IFusedSpectralNorm)d).SpectralNormBackward(t[0], t[1], t[2], t[3], t[4], t[5], s), Bounds.Exact)
                {
                    Capability = typeof(IFusedSpectralNorm),
                    Definition = t => FusedDefinitions.SpectralNormBackward(t, s),
                };
            }
    }

    static IEnumerable<KernelCase> EmptySlots()
    {
        AdamSpec s = new(1e-3f, 0.5f, 0.9f, 1e-8f, 1, AdamForm.Torch);
        foreach (int[] counts in (int[][])[[0], [0, 5], [5, 0, 3]])
            yield return new KernelCase(nameof(IFusedAdam.Adam), $"empty [{string.Join("] [", counts)}]",
                [.. counts.SelectMany(n => (Operand[])[InOut("p", n), In("g", n), InOut("m", n),
                In("v", n, random => random.NextSingle(), Role.InOut)])], (d, t) => ((IFusedAdam)d).Adam(
                    [.. counts.Select((n, i) => new AdamSlot(t[4 * i], t[4 * i + 1], t[4 * i + 2], t[4 * i + 3], n))], s),
                (c, output, expected) => AdamBound(c, output, expected, s))
            {
                Capability = typeof(IFusedAdam),
                Definition = t => FusedDefinitions.Adam(t, s),
            };
    }
}
