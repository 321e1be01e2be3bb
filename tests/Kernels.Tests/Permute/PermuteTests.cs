using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class PermuteTests
{
    public static TheoryData<int[], int[]> Cases => new()
    {
        { [], [] }, { [5], [0] }, { [0, 3], [1, 0] }, { [3, 5], [0, 1] }, { [3, 5], [1, 0] }, { [8, 8], [1, 0] }, { [64, 64], [1, 0] },
        { [65, 63], [1, 0] }, { [1, 7], [1, 0] },
        { [1003, 517], [1, 0] }, { [4, 100_003], [1, 0] }, { [100_003, 3], [1, 0] },
        { [2, 3, 5], [0, 2, 1] }, { [2, 3, 5], [1, 0, 2] }, { [2, 3, 5], [2, 0, 1] }, { [2, 3, 5], [1, 2, 0] }, { [2, 3, 5], [2, 1, 0] },
        { [16, 32, 32, 3], [0, 3, 1, 2] }, { [16, 3, 32, 32], [0, 2, 3, 1] }, { [64, 4, 4, 40], [0, 3, 1, 2] },
        { [3, 1, 4, 1, 5], [4, 3, 2, 1, 0] },
        { [9, 2, 33, 17], [3, 1, 2, 0] }, { [33, 20, 31], [1, 0, 2] }, { [2, 3, 2, 3, 2, 3, 2, 3], [7, 5, 3, 1, 0, 2, 4, 6] },
        { [2, 9000, 3], [1, 0, 2] },
        { [3, 9000], [0, 1] },
    };

    [Theory, MemberData(nameof(Cases))]
    public void MovesEveryElement(int[] sizes, int[] order)
    {
        Shape shape = new(sizes);
        PermuteSpec spec = new(shape, order);
        float[] x = Uniform(shape.Count), expected = new float[shape.Count];
        int[] digits = new int[sizes.Length];
        for (int i = 0; i < x.Length; i++)
        {
            for (int axis = sizes.Length - 1, rest = i; axis >= 0; axis--)
            {
                digits[axis] = rest % sizes[axis];
                rest /= sizes[axis];
            }
            int to = 0;
            foreach (int axis in order) to = to * sizes[axis] + digits[axis];
            expected[to] = x[i];
        }
        SameBits.Assert(expected, SameBits.OnAnyThreads(() =>
        {
            HostStorage sx = Of(x), sy = Empty(x.Length);
            Cpu.Permute(sx, sy, spec);
            SameBits.Assert(x, sx.Take());
            return sy.Take();
        }));
    }

    public static TheoryData<int, int, int, int, int> Pieces => new()
    {
        { 1, 1, 1, 0, 1 }, { 3, 7, 5, 2, 4 }, { 3, 7, 5, 0, 7 }, { 3, 7, 5, 0, 3 }, { 3, 7, 5, 4, 3 }, { 3, 7, 5, 3, 0 }, { 0, 7, 5, 3, 2 },
        { 3, 7, 0, 3, 2 }, { 10_007, 5, 1, 1, 2 },
        { 2, 3, 100_003, 1, 1 }, { 2, 50_001, 3, 20_000, 17 }, { 2, 50_001, 3, 17, 40_000 }, { 64, 2, 4096, 1, 1 },
    };

    [Theory, MemberData(nameof(Pieces))]
    public void SlicePadAndCopyInto(int outer, int length, int inner, int start, int count)
    {
        SliceSpec s = new(outer, length, inner, start, count);
        float[] whole = Uniform(outer * length * inner), piece = new float[outer * count * inner], padded = new float[whole.Length];
        for (int o = 0; o < outer; o++)
            for (int l = 0; l < count; l++)
                for (int i = 0; i < inner; i++)
                    padded[(o * length + start + l) * inner + i] = piece[(o * count + l) * inner +
                        i] = whole[(o * length + start + l) * inner + i];
        SameBits.Assert(piece, SameBits.OnAnyThreads(() =>
        {
            HostStorage x = Of(whole), y = Empty(piece.Length);
            Cpu.Slice(x, y, s);
            SameBits.Assert(whole, x.Take());
            return y.Take();
        }));
        SameBits.Assert(padded, SameBits.OnAnyThreads(() =>
        {
            HostStorage x = Of(piece), y = Empty(whole.Length);
            Cpu.Pad(x, y, s);
            SameBits.Assert(piece, x.Take());
            return y.Take();
        }));
        float[] other = Uniform(piece.Length, 9), merged = (float[])whole.Clone();
        for (int o = 0; o < outer; o++)
            for (int i = 0; i < count * inner; i++) merged[(o * length + start) * inner + i] = other[o * count * inner + i];
        SameBits.Assert(merged, SameBits.OnAnyThreads(() =>
        {
            HostStorage x = Of(other), y = Of(whole);
            Cpu.CopyInto(x, y, s);
            x.Release();
            return y.Take();
        }));
    }
}
