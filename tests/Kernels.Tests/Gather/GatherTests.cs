using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class GatherTests
{
    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 10, 0, 3 }, { 10, 7, 3 }, { 3, 1000, 17 }, { 1000, 5003, 64 }, { 100_003, 50_001, 1 }, { 5, 100_003, 1 },
            { 7, 3, 20_001 },
        { 5, 5, 0 },
    };

    static int[] Indices(int rows, int count)
    {
        Random r = new(5);
        return [.. Enumerable.Range(0, count).Select(_ => r.Next(rows))];
    }

    [Theory, MemberData(nameof(Sizes))]
    public void Gather(int rows, int count, int width)
    {
        float[] x = Uniform(rows * width), expected = new float[count * width];
        int[] index = Indices(rows, count);
        for (int i = 0; i < count; i++) Array.Copy(x, index[i] * width, expected, i * width, width);
        SameBits.Assert(expected, SameBits.OnAnyThreads(() =>
        {
            HostStorage sx = Of(x), si = OfInts(index), sy = Empty(expected.Length);
            Cpu.Gather(sx, si, sy, new GatherSpec(rows, count, width));
            SameBits.Assert(x, sx.Take());
            Assert.Equal(index, si.TakeInts());
            return sy.Take();
        }));
    }

    [Theory, MemberData(nameof(Sizes))]
    public void ScatterAddInAscendingOrder(int rows, int count, int width)
    {
        float[] y = Uniform(count * width), expected = new float[rows * width];
        int[] index = Indices(rows, count);
        for (int i = 0; i < count; i++)
            for (int c = 0; c < width; c++) expected[index[i] * width + c] += y[i * width + c];
        SameBits.Assert(expected, SameBits.OnAnyThreads(() =>
        {
            HostStorage sy = Of(y), si = OfInts(index), sx = Empty(expected.Length);
            Cpu.ScatterAdd(sy, si, sx, new GatherSpec(rows, count, width));
            SameBits.Assert(y, sy.Take());
            Assert.Equal(index, si.TakeInts());
            return sx.Take();
        }));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void WrongIndexIsNamed(int wrong)
    {
        HostStorage x = Of(Uniform(20)), index = OfInts(3, 9, wrong, 0), y = Empty(8);
        GatherSpec s = new(10, 4, 2);
        IndexOutOfRangeException e = Assert.Throws<IndexOutOfRangeException>(() => Cpu.Gather(x, index, y, s));
        Assert.Equal($"gather: index {wrong} at position 2 is not in 0..9.", e.Message);
        e = Assert.Throws<IndexOutOfRangeException>(() => Cpu.ScatterAdd(y, index, x, s));
        Assert.Equal($"scatter-add: index {wrong} at position 2 is not in 0..9.", e.Message);
        Assert.All(y.Take(), v => Assert.True(float.IsNaN(v)));
        SameBits.Assert(Uniform(20), x.Take());
        index.Release();
    }
}
