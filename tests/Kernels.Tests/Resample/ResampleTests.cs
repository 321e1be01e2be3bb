using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class ResampleTests
{
    public static TheoryData<int, int, int, int> Sizes => new()
    {
        { 1, 1, 1, 1 }, { 2, 3, 5, 3 }, { 2, 3, 5, 16 }, { 1, 4, 4, 17 }, { 3, 1, 7, 64 }, { 0, 4, 4, 4 }, { 2, 0, 4, 4 }, { 2, 4, 0, 4 },
        { 16, 32, 32, 33 }, { 1, 3, 1, 20_000 },
    };

    static void ForEach(ImageSpec s, Action<int, int> smallAndLarge)
    {
        for (int n = 0; n < s.N; n++)
            for (int h = 0; h < 2 * s.H; h++)
                for (int w = 0; w < 2 * s.W; w++)
                    for (int c = 0; c < s.C; c++)
                        smallAndLarge(((n * s.H + h / 2) * s.W + w / 2) * s.C + c, ((n * 2 * s.H + h) * 2 * s.W + w) * s.C + c);
    }

    [Theory, MemberData(nameof(Sizes))]
    public void Upsample2x(int n, int h, int w, int c)
    {
        ImageSpec s = new(n, h, w, c);
        float[] x = Uniform(n * h * w * c), expected = new float[4 * x.Length];
        ForEach(s, (small, large) => expected[large] = x[small]);
        SameBits.Assert(expected, SameBits.OnAnyThreads(() =>
        {
            HostStorage sx = Of(x), sy = Empty(expected.Length);
            Cpu.Upsample2x(sx, sy, s);
            SameBits.Assert(x, sx.Take());
            return sy.Take();
        }));
    }

    [Theory, MemberData(nameof(Sizes))]
    public void SumPool2x2(int n, int h, int w, int c)
    {
        ImageSpec s = new(n, h, w, c);
        float[] x = Uniform(4 * n * h * w * c), expected = new float[x.Length / 4];
        ForEach(s, (small, large) => expected[small] += x[large]);
        AssertClose(expected, SameBits.OnAnyThreads(() =>
        {
            HostStorage sx = Of(x), sy = Empty(expected.Length);
            Cpu.SumPool2x2(sx, sy, s);
            SameBits.Assert(x, sx.Take());
            return sy.Take();
        }), 1e-6);
    }
}
