using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using static Sagan.Native.Ops;

namespace Sagan.Native.Tests;

/// <summary>w / sigma does not depend on the size of w, so neither do its digits.</summary>
[Quick]
public class SpectralNormScaleTests
{
    const int Rows = 5, Columns = 7;

    public static TheoryData<string, float> Scales()
    {
        TheoryData<string, float> data = [];
        foreach (string device in new[] { "cpu", "reference" })
            foreach (float scale in new[] { 1e-8f, 1e-10f, 1e-12f, 1e-16f, 1e-20f, 1e-30f, 1e-36f, 1e-40f, 1e8f, 1e20f }) data.Add(device,
                scale);
        // It may be an emulation, which is slow.
        foreach (float scale in new[] { 1e-12f, 1e-20f, 1e-40f, 1e20f }) data.Add("gpu", scale);
        return data;
    }

    static Device Named(string name) => name == "gpu" ? TestGpu.Device : Device.Parse(name);

    static float[] Weights => Step.Run(() => new RandomSource(3).Normal(new Shape(Rows, Columns)).ToArray());

    // Numbers near 1e-40 have 17 bits.
    static double Tolerance(float scale) => scale < 1e-38f ? 1e-4 : 2e-6;

    [Theory]
    [MemberData(nameof(Scales))]
    public void A_single_number_over_its_norm_is_one(string name, float w) => Step.Run(() =>
    {
        Device device = Named(name);
        SpectralNorm norm = new(new Linear(1, 1, new Initializer(new RandomSource(1), device: device), bias: false),
            new Initializer(new RandomSource(2), device: device));
        norm.Parameters.Single().Assign([w]);
        float y = norm.Call(Tensor.From([1], new Shape(1, 1), device)).Item();
        // A device that is not asked for sigma cannot hold 1 / sigma for less than 2.94e-39.
        if (name == "gpu" && w < 1e-38f) Assert.InRange(y, 0.01f, 1);
        else Assert.Equal(1, y, 3e-7);
    });

    [Theory]
    [MemberData(nameof(Scales))]
    public void Value_and_gradients_scale_exactly(string name, float scale) => Step.Run(() =>
    {
        Device device = Named(name);
        float[] weights = Weights;
        // What the small weights really are, in full precision.
        double[] w = [.. weights.Select(x => (double)(x * scale))];
        Tensor x = Tensor.From([.. w.Select(a => (float)a)], new Shape(Rows, Columns), device).RequireGrad();
        PowerIterationSpec spec = new(Rows, Columns, false, 3, 1e-12f, NormEpsilon.Max);
        RandomSource random = new(4);
        (Tensor u, Tensor v, Tensor sigma) = PowerIteration(x, random.Normal(new Shape(Rows), device),
            random.Normal(new Shape(Columns), device), spec);
        Tensor y = Ops.SpectralNorm(x, new SingularTriplet(u, v, sigma, spec));
        double[] left = [.. u.ToArray().Select(a => (double)a)], right = [.. v.ToArray().Select(a => (double)a)];
        Assert.Equal(1, left.Sum(a => a * a), 1e-6);
        Assert.Equal(1, right.Sum(a => a * a), 1e-6);
        double expectedSigma = Enumerable.Range(0, w.Length).Sum(i => w[i] * left[i / Columns] * right[i % Columns]);
        Near([.. w.Select(a => a / expectedSigma)], y.ToArray(), Tolerance(scale));

        // A cotangent of the weight's own size, so that the gradient, of size g / sigma, is a float.
        float[] g = [.. Step.Run(() => new RandomSource(5).Normal(new Shape(Rows, Columns)).ToArray()).Select(a => a * Math.Min(scale, 1))];
        double along = g.Zip(w, (a, b) => a * b).Sum() / expectedSigma;
        double[] expected = [.. g.Select((a, i) => (a - along * left[i / Columns] * right[i % Columns]) / expectedSigma)];
        Tensor cotangent = Tensor.From(g, new Shape(Rows, Columns), device);
        Near(expected, Autograd.Grad(Sum(y * cotangent), [x], createGraph: true)[0].ToArray(), Tolerance(scale));
        Near(expected, Autograd.Grad(Sum(y * cotangent), [x])[0].ToArray(), Tolerance(scale));
    });

    [Theory]
    [InlineData("cpu")]
    [InlineData("reference")]
    [InlineData("gpu")]
    public void A_weight_of_zero_is_used_as_it_is_and_gets_the_gradient_of_what_is_used(string name) => Step.Run(() =>
    {
        Device device = Named(name);
        foreach (SpectralNormConvention convention in Enum.GetValues<SpectralNormConvention>())
        {
            SpectralNorm norm = new(new Linear(2, 3, new Initializer(new RandomSource(1), device: device), bias: false),
                new Initializer(new RandomSource(2), device: device), convention);
            Parameter w = norm.Parameters.Single();
            w.Assign(new float[6]);
            Tensor y = norm.Call(Tensor.From([1, 2], new Shape(1, 2), device));
            Assert.Equal(new float[3], y.ToArray());
            Assert.Equal([1f, 2, 3, 6, -1, -2], Autograd.Grad(Sum(y * Tensor.From([1, 3, -1], new Shape(1, 3), device)), [w])[0].ToArray());
            // Its vectors are not lost by that: what the weight becomes has norm 1, here that of a matrix of rank 1 after one step.
            w.Assign([3, 4, 3, 4, 3, 4]);
            norm.Call(Tensor.From([1, 2], new Shape(1, 2), device));
            Assert.Equal(5 * Math.Sqrt(3), norm.Sigma, 1e-5);
        }
    });

    static void Near(double[] expected, float[] actual, double tolerance)
    {
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * largest,
            $"[{i}] is {actual[i]:G9}, expected {expected[i]:G9}");
    }
}
