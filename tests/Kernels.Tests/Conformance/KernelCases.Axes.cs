using Sagan.Native.Kernels;
using static Sagan.Native.Tests.Conformance.Operand;

namespace Sagan.Native.Tests.Conformance;

static partial class KernelCases
{
    static IEnumerable<KernelCase> Axes() => [.. Sums(), .. Permutes(), .. Slices()];

    static IEnumerable<KernelCase> Sums()
    {
        // The string marks the axes: r is summed over, k is kept.
        (int[] X, string Axes)[] sums =
        [
            ([], ""), ([1], "r"), ([1], "k"), ([7], "r"), ([7], "k"), ([17, 33], "rk"), ([17, 33], "kr"), ([3, 5, 7], "rkr"),
                ([3, 5, 7], "krk"),
            ([3, 5, 7], "rrk"), ([2, 3, 4, 5], "krkr"),
            ([2, 3, 4, 5], "rkrk"), ([2, 1, 3, 1], "rkkr"), ([2, 3, 2, 3, 2, 3, 2, 3], "rkrkrkrk"), ([2, 3, 2, 3, 2, 3, 2, 3], "krkrkrkr"),
            ([0], "r"),
            ([0, 5], "rk"), ([5, 0], "rk"), ([5, 0], "kr"),
            ([8, 16, 16, 64], "rrrk"), ([8, 16, 16, 64], "krrk"), ([8, 16, 16, 64], "krrr"), ([8, 32, 32, 3], "rrrk"), ([100_003], "r"),
            ([1000, 100], "kr"), ([1, 100_003], "rk"), ([100_003, 1], "rk"),
        ];
        foreach ((int[] sizes, string axes) in sums)
        {
            Shape x = new(sizes);
            bool[] reduce = [.. axes.Select(a => a == 'r')];
            ReduceSpec s = new(x, reduce);
            yield return new KernelCase(nameof(Backend.Sum), $"{x} {axes}", [In("x", x.Count), Out("y", s.OutputCount)],
                (d, t) => d.Sum(t[0], t[1], s), Bounds.OfAbsolute(1e-6));
        }
        // A mean far from zero: what a naive running sum loses.
        ReduceSpec long1 = new(new Shape(1_000_001), [true]);
        yield return new KernelCase(nameof(Backend.Sum), "[1000001] r around 100", [In("x", 1_000_001, 1, 100), Out("y", 1)],
            (d, t) => d.Sum(t[0], t[1], long1), Bounds.OfAbsolute(1e-6));
        ReduceSpec long2 = new(new Shape(100_001, 3), [true, false]);
        yield return new KernelCase(nameof(Backend.Sum), "[100001, 3] rk around 100", [In("x", 300_003, 1, 100), Out("y", 3)],
            (d, t) => d.Sum(t[0], t[1], long2), Bounds.OfAbsolute(1e-6));
    }

    static IEnumerable<KernelCase> Permutes()
    {
        (int[] X, int[] Order)[] permutes =
        [
            ([], []), ([5], [0]), ([3, 5], [0, 1]), ([3, 5], [1, 0]), ([17, 33], [1, 0]), ([256, 100], [1, 0]), ([2, 3, 5], [2, 0, 1]),
            ([2, 3, 5], [1, 2, 0]), ([2, 3, 5], [0, 2, 1]), ([2, 3, 5], [1, 0, 2]),
            ([2, 0, 5], [2, 1, 0]), ([2, 3, 4, 5], [3, 2, 1, 0]), ([2, 3, 4, 5], [2, 3, 0, 1]),
            ([2, 3, 2, 3, 2, 3, 2, 3], [7, 0, 6, 1, 5, 2, 4, 3]),
            ([8, 3, 64, 64], [0, 2, 3, 1]), ([8, 64, 64, 3], [0, 3, 1, 2]),
            ([8, 64, 16, 16], [0, 2, 3, 1]), ([256, 128, 4, 4], [0, 2, 3, 1]), ([8, 256, 4, 16], [0, 2, 1, 3]),
        ];
        foreach ((int[] sizes, int[] order) in permutes)
        {
            Shape x = new(sizes);
            PermuteSpec s = new(x, order);
            yield return new KernelCase(nameof(Backend.Permute), $"{x} by {string.Join(" ", order)}", [In("x", x.Count), Out("y", x.Count)],
                (d, t) => d.Permute(t[0], t[1], s), Bounds.Exact);
        }
    }

    static IEnumerable<KernelCase> Slices()
    {
        SliceSpec[] slices =
        [
            new(1, 10, 1, 3, 4), new(1, 1, 1, 0, 1), new(3, 7, 5, 0, 7), new(3, 7, 5, 2, 3), new(3, 7, 5, 6, 1), new(3, 7, 5, 0, 1),
                new(3, 7, 5, 7, 0),
            new(0, 7, 5, 2, 3), new(2, 100, 1, 99, 1),
            new(1, 64, 1000, 16, 32), new(64, 96, 64, 64, 32), new(16 * 256, 96, 1, 17, 40),
        ];
        foreach (SliceSpec s in slices)
        {
            int whole = s.Outer * s.Length * s.Inner, piece = s.Outer * s.Count * s.Inner;
            string sizes = $"[{s.Outer}, {s.Length}, {s.Inner}] {s.Start}+{s.Count}";
            yield return new KernelCase(nameof(Backend.Slice), sizes, [In("x", whole), Out("y", piece)], (d, t) => d.Slice(t[0], t[1], s),
                Bounds.Exact);
            yield return new KernelCase(nameof(Backend.Pad), sizes, [In("x", piece), Out("y", whole)], (d, t) => d.Pad(t[0], t[1], s),
                Bounds.Exact);
            yield return new KernelCase(nameof(Backend.CopyInto), sizes, [In("x", piece), InOut("y", whole)],
                (d, t) => d.CopyInto(t[0], t[1], s), Bounds.Exact);
        }
    }
}
