using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed class AdamTests
{
    // Sizes that share jobs, cut jobs, and are empty.
    static readonly int[] Sizes = [0, 1, 3, 0, 0, 100_003, 16, 17, 8192, 1, 8191, 0, 33_000, 5, 0];

    [Theory]
    [InlineData(AdamForm.Torch, 0.9, 0.999, 1e-8f)]
    [InlineData(AdamForm.TensorFlow, 0.9, 0.999, 1e-8f)]
    [InlineData(AdamForm.Torch, 0, 0.9, 1e-8f)]
    [InlineData(AdamForm.TensorFlow, 0, 0.9, 1e-3f)]
    [InlineData(AdamForm.Torch, 0.5, 0.99, 1e-3f)]
    public void TenStepsAgreeWithTheFormula(AdamForm form, double beta1, double beta2, float epsilon)
    {
        float[][] start = [.. Sizes.Select((n, i) => Uniform(n, i))];
        float[] flat = SameBits.OnAnyThreads(() =>
        {
            HostStorage[] p = [.. start.Select(v => Of(v))], g = [.. Sizes.Select(n => Empty(n))];
            HostStorage[] m = [.. Sizes.Select(n => Of(new float[n]))], v = [.. Sizes.Select(n => Of(new float[n]))];
            AdamSlot[] group = [.. Sizes.Select((n, i) => new AdamSlot(p[i], g[i], m[i], v[i], n))];
            for (int step = 1; step <= 10; step++)
            {
                for (int i = 0; i < Sizes.Length; i++) Gradient(i, step).CopyTo(g[i].Span);
                ((IFusedAdam)Cpu).Adam(group, new AdamSpec(0.01f, beta1, beta2, epsilon, step, form));
            }
            for (int i = 0; i < Sizes.Length; i++) SameBits.Assert(Gradient(i, 10), g[i].Take());
            return [.. p.SelectMany(s => s.Take()), .. m.SelectMany(s => s.Take()), .. v.SelectMany(s => s.Take())];
        });
        List<double> expectedP = [], expectedM = [], expectedV = [];
        for (int i = 0; i < Sizes.Length; i++)
        {
            double[] p = [.. start[i].Select(x => (double)x)], m = new double[Sizes[i]], v = new double[Sizes[i]];
            for (int step = 1; step <= 10; step++)
            {
                float[] g = Gradient(i, step);
                double c1 = 1 - Math.Pow(beta1, step), c2 = 1 - Math.Pow(beta2, step);
                for (int k = 0; k < g.Length; k++)
                {
                    m[k] = beta1 * m[k] + (1 - beta1) * g[k];
                    v[k] = beta2 * v[k] + (1 - beta2) * g[k] * g[k];
                    p[k] -= form == AdamForm.Torch
                        ? 0.01f / c1 * m[k] / (Math.Sqrt(v[k] / c2) + epsilon)
                        : 0.01f * Math.Sqrt(c2) / c1 * m[k] / (Math.Sqrt(v[k]) + epsilon);
                }
            }
            expectedP.AddRange(p);
            expectedM.AddRange(m);
            expectedV.AddRange(v);
        }
        AssertClose([.. expectedP.Concat(expectedM).Concat(expectedV).Select(x => (float)x)], flat, 1e-6);
    }

    static float[] Gradient(int slot, int step) => Uniform(Sizes[slot], 1000 * slot + step);

    [Fact]
    public void EmptyGroup() => ((IFusedAdam)Cpu).Adam([], new AdamSpec(0.1f, 0.9, 0.999, 1e-8f, 1, AdamForm.Torch));
}
