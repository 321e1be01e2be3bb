using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Channels that rounding and infinities are hard on.</summary>
[Quick]
public class BatchNormTests
{
    const float Epsilon = 1e-5f;

    public static TheoryData<string> Devices => ["reference", "cpu", "gpu"];

    static Device Named(string device) => device == "gpu" ? TestGpu.Device : Device.Parse(device);

    // With xh = 0 everywhere and d = sqrt(eps), for L = <dx, h> + <dweight, k>:
    // dL/dg = w / d (h - mean h),  dL/dx = k (g - mean g) / d,  dL/dw = <g - mean g, h> / d.
    [Theory, MemberData(nameof(Devices))]
    public void The_second_gradient_of_a_constant_channel_is_its_formula(string device) => Step.Run(() =>
    {
        const int rows = 30;
        double d = Math.Sqrt(Epsilon);
        foreach (float constant in (float[])[1f / 3, 0.1f, 1e6f / 7])
        {
            Device on = Named(device);
            double[] g = [.. Enumerable.Range(0, rows).Select(i => (double)MathF.Sin(i))],
                h = [.. Enumerable.Range(0, rows).Select(i => (double)MathF.Cos(3 * i))];
            (double w, double k) = (1.25, 0.5);
            Tensor x = Tensor.Full(constant, new Shape(rows, 1), on).RequireGrad(),
                weight = Tensor.Full((float)w, new Shape(1), on).RequireGrad();
            Tensor cotangent = Tensor.From([.. g.Select(v => (float)v)], new Shape(rows, 1), on).RequireGrad();
            Tensor y = Ops.BatchNorm(x, weight, Tensor.Zeros(new Shape(1), on), Epsilon, default, out Tensor mean, out Tensor variance);
            Assert.Equal(constant, mean.Item());
            Assert.Equal(0, variance.Item());
            Tensor[] first = Autograd.Grad(Ops.Sum(y * cotangent), [x, weight], createGraph: true);
            Tensor l = Ops.Sum(first[0] * Tensor.From([.. h.Select(v => (float)v)], new Shape(rows, 1), on)) + Ops.Sum(first[1] * (float)k);
            Tensor[] second = Autograd.Grad(l, [cotangent, x, weight]);
            (double gMean, double hMean) = (g.Average(), h.Average());
            float[] dg = second[0].ToArray(), dx = second[1].ToArray();
            for (int i = 0; i < rows; i++)
            {
                Assert.Equal(w / d * (h[i] - hMean), dg[i], 1e-6 * w / d);
                Assert.Equal(k * (g[i] - gMean) / d, dx[i], 1e-6 / d);
            }
            double dw = g.Zip(h, (a, b) => (a - gMean) * b).Sum() / d;
            Assert.Equal(dw, second[2].Item(), 1e-6 * rows / d);
        }
    });

    [Theory, MemberData(nameof(Devices))]
    public void The_mean_of_a_channel_with_an_infinity_is_infinite_and_harms_no_other(string device) => Step.Run(() =>
    {
        Device on = Named(device);
        float[] values = [.. Enumerable.Range(0, 600 * 3).Select(i => MathF.Sin(i))];
        (values[3 * 300], values[1]) = (float.PositiveInfinity, float.NegativeInfinity);
        Tensor one = Tensor.Ones(new Shape(3), on), zero = Tensor.Zeros(new Shape(3), on);
        Tensor y = Ops.BatchNorm(Tensor.From(values, new Shape(600, 3), on), one, zero, Epsilon, default, out Tensor mean,
            out Tensor variance);
        Assert.Equal([float.PositiveInfinity, float.NegativeInfinity], mean.ToArray()[..2]);
        Assert.Equal([float.NaN, float.NaN], variance.ToArray()[..2]);
        Assert.All(y.ToArray().Select((v, i) => (v, i)), p => Assert.Equal(p.i % 3 < 2, float.IsNaN(p.v)));
    });
}
