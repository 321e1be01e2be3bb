using Sagan.Native.Kernels;
using static Sagan.Native.Tests.Conformance.Operand;

namespace Sagan.Native.Tests.Conformance;

static partial class KernelCases
{
    static IEnumerable<KernelCase> Images()
    {
        ImageSpec[] images = [new(1, 1, 1, 1), new(2, 3, 5, 7), new(3, 4, 4, 17), new(0, 4, 4, 3), new(2, 16, 16, 64), new(2, 32, 32, 3)];
        foreach (ImageSpec s in images)
        {
            int small = s.N * s.H * s.W * s.C;
            string sizes = $"[{s.N}, {s.H}, {s.W}, {s.C}]";
            yield return new KernelCase(nameof(Backend.Upsample2x), sizes, [In("x", small), Out("y", 4 * small)],
                (d, t) => d.Upsample2x(t[0], t[1], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.SumPool2x2), sizes, [In("x", 4 * small), Out("y", small)],
                (d, t) => d.SumPool2x2(t[0], t[1], s), Bounds.OfAbsolute(1e-6));
        }
        yield return Pool(2, 4, 6, 3, 2, 2, 0);
        yield return Pool(1, 5, 7, 17, 2, 2, 0);
        yield return Pool(2, 5, 7, 5, 3, 2, 1);
        yield return Pool(1, 6, 6, 1, 3, 1, 1);
        yield return Pool(1, 1, 1, 1, 1, 1, 0);
        yield return Pool(0, 4, 4, 3, 2, 2, 0);
        yield return Pool(2, 32, 32, 64, 2, 2, 0);
        // Few distinct values, so that most windows tie; NaN and infinities.
        yield return Pool(2, 6, 6, 5, 2, 2, 0, "of ties", random => random.Next(3));
        yield return Pool(2, 6, 6, 20, 3, 2, 1, "of special values", random => SpecialValues[random.Next(SpecialValues.Length)]);
        yield return Pool(1, 4, 4, 16, 2, 2, 0, "of minus infinity", _ => float.NegativeInfinity);

        (int, int)[] softmaxes = [(1, 1), (3, 1), (1, 7), (5, 16), (5, 17), (33, 65), (7, 1000), (0, 5), (512, 256), (1024, 1024)];
        foreach ((int rows, int columns) in softmaxes) yield return SoftmaxCase(rows, columns, "", In("x", rows * columns, 3));
        yield return SoftmaxCase(9, 50, " large", In("x", 450, 50, 1000));
        yield return SoftmaxCase(9, 50, " with -infinity", In("x", 450, random => random.Next(3) == 0 ? float.NegativeInfinity
            : random.NextSingle()));
        yield return SoftmaxCase(2, 40, " with NaN", In("x", 80, random => random.Next(20) == 0 ? float.NaN : random.NextSingle()));
    }

    static KernelCase SoftmaxCase(int rows, int columns, string what, Operand x) =>
        new(nameof(Backend.Softmax), $"[{rows}, {columns}]{what}", [x, Out("y", rows * columns)],
        (d, t) => d.Softmax(t[0], t[1], rows, columns),
        Bounds.Relative(5e-6, 1e-37))
        {
            Aliases = [(1, 0)],
        };

    static IEnumerable<KernelCase> TopKs()
    {
        // Rows are independent, and a hundred barriers each on a GPU. Nine of 65 are a thread block of eight and one of a single row.
        (int, int, int)[] sizes = [(1, 1, 1), (3, 7, 3), (3, 7, 9), (0, 5, 2), (9, 65, 1), (9, 65, 64), (200, 256, 32), (2, 1000, 100),
            (2, 4097, 300)];
        foreach ((int rows, int columns, int k) in sizes)
        {
            yield return Case(rows, columns, k, "", In("x", rows * columns));
            yield return Case(rows, columns, k, " of ties", In("x", rows * columns, random => random.Next(4)));
        }
        yield return Case(9, 20, 5, " of special values", In("x", 180, random => SpecialValues[random.Next(SpecialValues.Length)]));
        yield return Case(1, 300, 77, " ascending", Ascending(300));
        yield return Case(2, 5000, 1234, " of one value", In("x", 10_000, _ => -0.5f));
        yield return Case(2, 4100, 2050, " of special values", In("x", 8200, random => SpecialValues[random.Next(SpecialValues.Length)]));

        static KernelCase Case(int rows, int columns, int k, string what, Operand x) =>
            new(nameof(Backend.TopKMask), $"[{rows}, {columns}] {k}{what}",
            [x, Out("y", rows * columns)], (d, t) => d.TopKMask(t[0], t[1], rows, columns, k), Bounds.Exact);

        static Operand Ascending(int n)
        {
            int i = 0;
            return In("x", n, _ => i++ % n);
        }
    }

    static KernelCase Pool(int n, int h, int w, int c, int kernel, int stride, int padding, string what = "",
        Func<Random, float>? value = null)
    {
        MaxPool2dSpec s = new(n, h, w, c, kernel, stride, padding, (h + 2 * padding - kernel) / stride + 1,
            (w + 2 * padding - kernel) / stride + 1);
        int x = n * h * w * c, y = n * s.OutH * s.OutW * c;
        return new KernelCase(nameof(Backend.MaxPool2d), $"[{n}, {h}, {w}, {c}] kernel {kernel} stride {stride} padding {padding} {what}",
            [value == null ? In("x", x) : In("x", x, value), Out("y", y), Out("index", y)], (d, t) =>
            d.MaxPool2d(t[0], t[1], t[2], s), Bounds.Exact);
    }

    static IEnumerable<KernelCase> Tables()
    {
        GatherSpec[] tables = [new(1, 1, 1), new(5, 3, 7), new(5, 40, 1), new(10, 64, 17), new(1000, 300, 128), new(3, 0, 5), new(7, 5, 16),
            new(20_000, 20_000, 1)];
        foreach (GatherSpec s in tables)
        {
            string sizes = $"[{s.Rows}, {s.Width}] {s.Count}";
            yield return new KernelCase(nameof(Backend.Gather), sizes, [In("x", s.Rows * s.Width), Index("index", s.Count, s.Rows), Out("y",
                s.Count * s.Width)],
                (d, t) => d.Gather(t[0], t[1], t[2], s), Bounds.Exact);
            yield return new KernelCase(nameof(Backend.ScatterAdd), sizes,
                [In("y", s.Count * s.Width), Index("index", s.Count, s.Rows), Out("x",
                s.Rows * s.Width)],
                (d, t) => d.ScatterAdd(t[0], t[1], t[2], s), Bounds.Exact);
        }
    }

    static IEnumerable<KernelCase> Randoms()
    {
        (int, PhiloxKey)[] draws =
        [
            (0, default), (1, default), (4, default), (7, new(1, 2, 8)), (64, new(0x123456789ABCDEF0, 0, 0)),
                (1001, new(42, 0xFEDCBA9876543210, 400)),
            (70_003, new(7, 1, 0)),
            // The low word of the block counter overflows into the high one inside the draw.
            (200, new(3, 4, 4 * (0x100000000 - 20))),
            (100, new(3, 4, ulong.MaxValue - 199)),
        ];
        foreach ((int n, PhiloxKey key) in draws)
        {
            string sizes = $"[{n}] seed {key.Seed:x} stream {key.Stream:x} offset {key.Offset:x}";
            yield return new KernelCase(nameof(Backend.RandomUniform), sizes, [Out("y", n)], (d, t) => d.RandomUniform(t[0], n, key),
                Bounds.Exact);
            yield return new KernelCase(nameof(Backend.RandomNormal), sizes, [Out("y", n)],
                (d, t) => d.RandomNormal(t[0], n, key), Bounds.Relative(1e-6, 1e-6));
        }
    }
}
