using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class MaxPool2dTests
{
    public static TheoryData<int, int, int, int, int, int, int> Cases => new()
    {
        { 1, 2, 2, 1, 2, 2, 0 }, { 2, 4, 6, 3, 2, 2, 0 }, { 2, 7, 5, 17, 2, 2, 0 }, { 1, 9, 9, 16, 3, 2, 1 }, { 2, 6, 8, 33, 3, 1, 1 },
        { 16, 32, 32, 24, 2, 2, 0 }, { 0, 4, 4, 4, 2, 2, 0 }, { 1, 5, 5, 64, 5, 1, 2 },
    };

    static MaxPool2dSpec Spec(int n, int h, int w, int c, int kernel, int stride, int padding) =>
        new(n, h, w, c, kernel, stride, padding, (h + 2 * padding - kernel) / stride + 1, (w + 2 * padding - kernel) / stride + 1);

    static (float[] Y, int[] Index) Pool(float[] x, MaxPool2dSpec s)
    {
        int[] index = [];
        float[] y = SameBits.OnAnyThreads(() =>
        {
            int count = s.N * s.OutH * s.OutW * s.C;
            HostStorage sx = Of(x), sy = Empty(count), si = Empty(count);
            Cpu.MaxPool2d(sx, sy, si, s);
            SameBits.Assert(x, sx.Take());
            index = si.TakeInts();
            return sy.Take();
        });
        return (y, index);
    }

    [Theory, MemberData(nameof(Cases))]
    public void LargestOfEachWindow(int n, int h, int w, int c, int kernel, int stride, int padding)
    {
        MaxPool2dSpec s = Spec(n, h, w, c, kernel, stride, padding);
        // Few distinct values, so that there are ties.
        float[] x = Uniform(n * h * w * c).Select(v => MathF.Round(4 * v)).ToArray();
        (float[] y, int[] index) = Pool(x, s);
        for (int i = 0; i < y.Length; i++)
        {
            int channel = i % c, j = i / c % s.OutW, r = i / c / s.OutW % s.OutH, image = i / c / s.OutW / s.OutH, best = -1;
            for (int u = Math.Max(0, r * stride - padding); u < Math.Min(h, r * stride - padding + kernel); u++)
                for (int v = Math.Max(0, j * stride - padding); v < Math.Min(w, j * stride - padding + kernel); v++)
                {
                    int at = ((image * h + u) * w + v) * c + channel;
                    if (best < 0 || x[at] > x[best]) best = at;
                }
            Assert.Equal(best, index[i]);
            Assert.Equal(x[best], y[i]);
        }
    }

    [Fact]
    public void NaNWinsAndMinusInfinityCounts()
    {
        const float low = float.NegativeInfinity;
        float[] x = [1, float.NaN, 3, 4, low, low, low, low, float.NaN, 5, float.NaN, 6];
        (float[] y, int[] index) = Pool(x, Spec(3, 2, 2, 1, 2, 2, 0));
        SameBits.Assert([float.NaN, low, float.NaN], y);
        Assert.Equal([1, 4, 8], index);
    }
}
