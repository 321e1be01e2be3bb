using Sagan.Native.Augmentation;
using Sagan.Native.Checks;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

[Quick]
public class DiffAugmentTests
{
    const AugmentPolicies All = AugmentPolicies.Flip | AugmentPolicies.Color | AugmentPolicies.Translation | AugmentPolicies.Cutout;

    public static TheoryData<string, string> Golden() => GoldenFile.CasesOnEveryDevice("augment");

    // The engine sums in another order than PyTorch: errors are some 1e-7 of the largest value.
    [Theory]
    [MemberData(nameof(Golden))]
    public void Images_and_gradients_are_those_of_pytorch(string name, string device) => Step.Run(() =>
    {
        using GoldenFile file = new("augment");
        Device d = Device.Parse(device);
        Assert.True(AugmentPolicyText.TryParse(file.Cases[name].GetProperty("policies").GetString()!, out AugmentPolicies policies, out _));
        DiffAugmentDraw[] draws = Draws(file, name);
        Tensor x = file.Tensor($"{name}/in", d, channelsLast: true).RequireGrad();
        Tensor y = DiffAugment.Apply(x, policies, draws);
        file.AssertClose($"{name}/out", y, 1e-6, channelsLast: true);
        Tensor g = Autograd.Grad(Ops.Sum(y * file.Tensor($"{name}/cotangent", d, channelsLast: true)), [x])[0];
        file.AssertClose($"{name}/grad", g, 1e-6, channelsLast: true);
    });

    static DiffAugmentDraw[] Draws(GoldenFile file, string name)
    {
        (float[] b, int[] p) = (file.Floats($"{name}/numbers"), file.Ints($"{name}/places"));
        return [.. Enumerable.Range(0, b.Length / 3).Select(i =>
            new DiffAugmentDraw(p[5 * i] == 1, b[3 * i], b[3 * i + 1], b[3 * i + 2], p[5 * i + 1], p[5 * i + 2], p[5 * i + 3],
                p[5 * i + 4]))];
    }

    // 100,000 draws: the mean of a uniform number of width w is off by w / sqrt(12 * 100,000) = 0.0009 w; five times that is allowed.
    [Fact]
    public void Draws_have_the_papers_ranges_and_means()
    {
        DiffAugmentDraw[] draws = [.. Enumerable.Range(0, 100_000)
            .Select(i => DiffAugmentDraw.Of(new ImageDraws(7, 3, Augment.Real, i), 16, 9))];
        Assert.InRange(draws.Average(d => d.Flip ? 1.0 : 0), 0.49, 0.51);
        Uniform(d => d.Brightness, -0.5, 0.5);
        Uniform(d => d.Saturation, 0, 2);
        Uniform(d => d.Contrast, 0.5, 1.5);
        Each(d => d.ShiftY, -2, 2);
        Each(d => d.ShiftX, -1, 1);
        // Of a side of 16, 8 are blank, and the centre is between two pixels: 17 places. Of 9, 5 are, with 9 places.
        Each(d => d.CutY, 0, 16);
        Each(d => d.CutX, 0, 8);

        void Uniform(Func<DiffAugmentDraw, float> value, double low, double high)
        {
            Assert.InRange(draws.Min(value), low, low + 0.001);
            Assert.InRange(draws.Max(value), high - 0.001, high);
            Assert.InRange(draws.Average(value), (low + high) / 2 - 0.005 * (high - low), (low + high) / 2 + 0.005 * (high - low));
        }

        void Each(Func<DiffAugmentDraw, int> value, int least, int most)
        {
            int[] counts = new int[most - least + 1];
            foreach (DiffAugmentDraw d in draws) counts[value(d) - least]++;
            double expected = 100_000.0 / counts.Length;
            // Five standard deviations of a count.
            Assert.All(counts, c => Assert.InRange(c, expected - 5 * Math.Sqrt(expected), expected + 5 * Math.Sqrt(expected)));
        }
    }

    [Fact]
    public void Draws_follow_from_seed_update_stream_and_image_alone() => Step.Run(() =>
    {
        Tensor x = Images(4, 8, 3);
        float[] y = new DiffAugment(1, All).Apply(x, 5, Augment.Real).ToArray();
        DiffAugment again = new(1, All);
        again.Apply(x, 4, Augment.Real);
        Assert.Equal(y, again.Apply(x, 5, Augment.Real).ToArray());
        // An image does not depend on how many come after it.
        Assert.Equal(y[..(2 * 8 * 8 * 3)], again.Apply(Ops.Slice(x, 0, 0, 2), 5, Augment.Real).ToArray());
        Assert.NotEqual(y, again.Apply(x, 6, Augment.Real).ToArray());
        Assert.NotEqual(y, again.Apply(x, 5, Augment.Fake).ToArray());
        Assert.NotEqual(y, new DiffAugment(2, All).Apply(x, 5, Augment.Real).ToArray());
    });

    // With given draws it is linear but for the constant that brightness adds: <T x, y> = <x, T^T y>, where T x = A(x) - A(0) and T^T is
    // the gradient.
    [Fact]
    public void The_gradient_is_the_transpose() => Step.Run(() =>
    {
        DiffAugment augment = new(3, All);
        Tensor x = Images(5, 12, 3), y = new RandomSource(9).Normal(x.Shape, Device.Cpu), leaf = x.RequireGrad();
        Tensor image = augment.Apply(leaf, 1, Augment.Fake);
        Tensor linear = image - augment.Apply(Tensor.Zeros(x.Shape), 1, Augment.Fake);
        Tensor transposed = Autograd.Grad(Ops.Sum(image * y), [leaf])[0];
        double left = Dot(linear, y), right = Dot(x, transposed);
        Assert.True(Math.Abs(left - right) <= 1e-5 * Math.Sqrt(Dot(linear, linear) * Dot(y, y)), $"{left} and {right}");
    });

    // Finite differences of float32 with this stencil are good to 1e-4. The square makes the second order something to check.
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(1)]
    public void Gradients_of_order_1_and_2_agree_with_finite_differences(int channels)
    {
        DiffAugment augment = new(4, All);
        GradCheck.Assert(x => Ops.Tanh(augment.Apply(x, 2, Augment.Fake)), Images(3, 8, channels),
            options: new GradCheckOptions { Device = Device.Cpu, Seed = 6, FirstTolerance = 1e-3, SecondTolerance = 1e-3 });
    }

    [Theory]
    [InlineData("color,translation,cutout", AugmentPolicies.Color | AugmentPolicies.Translation | AugmentPolicies.Cutout)]
    [InlineData(" Flip , cutout", AugmentPolicies.Flip | AugmentPolicies.Cutout)]
    [InlineData("", AugmentPolicies.None)]
    public void Policies_are_read(string text, AugmentPolicies expected)
    {
        Assert.True(AugmentPolicyText.TryParse(text, out AugmentPolicies policies, out _));
        Assert.Equal(expected, policies);
    }

    [Theory]
    [InlineData("colour", "colour")]
    [InlineData("color,none", "none")]
    [InlineData("color;cutout", "color;cutout")]
    [InlineData("2", "2")]
    public void Unknown_policies_are_named(string text, string expected)
    {
        Assert.False(AugmentPolicyText.TryParse(text, out _, out string unknown));
        Assert.Equal(expected, unknown);
    }

    [Fact]
    public void Copies_for_consistency_are_mirrored_and_shifted_and_nothing_else() => Step.Run(() =>
    {
        Tensor x = Images(64, 8, 3);
        float[] from = x.ToArray(), to = ConsistencyAugment.Create(1).Apply(x, 1, Augment.Real).ToArray();
        HashSet<float> known = [.. from, 0];
        Assert.All(to, v => Assert.Contains(v, known));
        Assert.NotEqual(from, to);
    });

    static Tensor Images(int n, int side, int channels) =>
        new RandomSource(8).Uniform(new Shape(n, side, side, channels), -1, 1, Device.Cpu);

    static double Dot(Tensor a, Tensor b) => a.ToArray().Zip(b.ToArray(), (x, y) => (double)x * y).Sum();
}
