using Sagan.Native.Augmentation;
using Sagan.Native.Checks;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

public class AdaTests
{
    // The engine sums in another order than PyTorch: errors are some 1e-7 of the largest value in each of five sums.
    [Theory]
    [InlineData("reference")]
    [InlineData("cpu")]
    public void A_warp_is_doubling_grid_sample_and_halving_of_the_reflected_image(string device) => Step.Run(() =>
    {
        using GoldenFile file = new("augment");
        float[] m = file.Floats("resample/maps");
        AffineMap[] maps = [.. m.Chunk(6).Select(v => new AffineMap(v[0], v[1], v[2], v[3], v[4], v[5]))];
        AssertGolden(file, "resample", device, x => AffineWarp.Apply(x, maps));
    });

    [Theory]
    [InlineData("ada", "reference")]
    [InlineData("ada", "cpu")]
    [InlineData("ada_rgba", "cpu")]
    [InlineData("ada_grey", "cpu")]
    public void Transformations_are_the_products_of_their_matrices(string name, string device) => Step.Run(() =>
    {
        using GoldenFile file = new("augment");
        AdaTransforms[] transforms = [.. file.Floats($"{name}/transforms").Chunk(15).Select(Read)];
        (int h, int w) = (file.Shape($"{name}/in")[2], file.Shape($"{name}/in")[3]);
        double[] maps = [.. transforms.Select(t => t.Geometry(h, w)).SelectMany(g => (double[])[g.A, g.B, g.Tx, g.C, g.D, g.Ty])];
        file.AssertClose($"{name}/geometry", [.. maps.Select(v => (float)v)], 1e-6);
        if (name != "ada_grey") AssertColors(file, name, transforms);
        AssertGolden(file, name, device, x => Ada.Color(Ada.Move(x, transforms), transforms));
    });

    [Fact]
    public void The_filter_is_orthogonal_to_itself_shifted_by_even_numbers_and_halving_undoes_doubling() => Step.Run(() =>
    {
        double[] h = [.. WaveletFilter.Sym6];
        Assert.Equal(Math.Sqrt(2), h.Sum(), 1e-10);
        // Six moments of the high-pass filter vanish.
        for (int p = 0; p < 6; p++) Assert.Equal(0, h.Select((v, k) => v * (k % 2 == 0 ? 1 : -1) * Math.Pow(k / 11.0, p)).Sum(), 1e-8);
        for (int shift = 0; shift < 12; shift += 2)
            Assert.Equal(shift == 0 ? 1 : 0, Enumerable.Range(0, 12 - shift).Sum(k => h[k] * h[k + shift]), 1e-10);
        Tensor x = Images(2, 9, 3);
        float[] y = AffineWarp.Apply(x, [AffineMap.Identity, AffineMap.Identity]).ToArray();
        Assert.All(x.ToArray().Zip(y), p => Assert.Equal(p.First, p.Second, 2e-6f));
    });

    // A chessboard made a third smaller has no detail left that pixels can show. Read bilinearly as it is, it would keep a quarter of its
    // contrast, as a moire; the filters, being finite, leave 7 % of it.
    [Fact]
    public void What_is_too_fine_for_a_smaller_image_turns_grey() => Step.Run(() =>
    {
        float[] board = [.. Enumerable.Range(0, 32 * 32).Select(i => (i / 32 + i % 32) % 2 == 0 ? 1f : -1)];
        float[] y = AffineWarp.Apply(Tensor.From(board, new Shape(1, 32, 32, 1)), [AffineMap.Scale(1.5, 1.5)]).ToArray();
        Assert.InRange(Math.Sqrt(y.Average(v => v * v)), 0, 0.08);
    });

    [Fact]
    public void An_image_does_not_depend_on_the_others_of_its_batch() => Step.Run(() =>
    {
        Tensor x = Images(3, 10, 3);
        AdaTransforms[] t = [new() { Scale = 1.3 }, new() { RotationAfter = 1 }, new() { Mirror = true }];
        float[] all = Ada.Move(x, t).ToArray();
        for (int i = 0; i < 3; i++)
        {
            float[] alone = Ada.Move(Ops.Slice(x, 0, i, 1), [t[i]]).ToArray();
            Assert.All(alone.Zip(all[(i * alone.Length)..]), p => Assert.Equal(p.First, p.Second, 1e-6f));
        }
    });

    static AdaTransforms Read(float[] v) => new()
    {
        Mirror = v[0] == 1,
        QuarterTurns = (int)v[1],
        ShiftX = v[2],
        ShiftY = v[3],
        Scale = v[4],
        RotationBefore = v[5],
        Stretch = v[6],
        RotationAfter = v[7],
        FractionX = v[8],
        FractionY = v[9],
        Brightness = v[10],
        Contrast = v[11],
        LumaMirror = v[12] == 1,
        Hue = v[13],
        Saturation = v[14],
    };

    static void AssertColors(GoldenFile file, string name, AdaTransforms[] transforms)
    {
        float[] actual = new float[16 * transforms.Length], matrix = new float[9], offset = new float[3];
        for (int n = 0; n < transforms.Length; n++)
        {
            transforms[n].Color(matrix, offset);
            for (int i = 0; i < 3; i++)
            {
                matrix.AsSpan(3 * i, 3).CopyTo(actual.AsSpan(16 * n + 4 * i));
                actual[16 * n + 4 * i + 3] = offset[i];
            }
            actual[16 * n + 15] = 1;
        }
        file.AssertClose($"{name}/color", actual, 1e-6);
    }

    static void AssertGolden(GoldenFile file, string name, string device, Func<Tensor, Tensor> f)
    {
        Device d = Device.Parse(device);
        Tensor x = file.Tensor($"{name}/in", d, channelsLast: true).RequireGrad(), y = f(x);
        file.AssertClose($"{name}/out", y, 1e-6, channelsLast: true);
        Tensor g = Autograd.Grad(Ops.Sum(y * file.Tensor($"{name}/cotangent", d, channelsLast: true)), [x])[0];
        file.AssertClose($"{name}/grad", g, 1e-6, channelsLast: true);
    }

    // n draws: means within five standard errors, deviations within 2 %.
    [Fact]
    public void Draws_have_the_papers_distributions()
    {
        AdaTransforms[] all = Draw(1, 50_000);
        Assert.InRange(all.Average(t => t.Mirror ? 1.0 : 0), 0.488, 0.512);
        Assert.InRange(all.Average(t => t.LumaMirror ? 1.0 : 0), 0.488, 0.512);
        for (int q = 0; q < 4; q++) Assert.InRange(all.Average(t => t.QuarterTurns == q ? 1.0 : 0), 0.24, 0.26);
        Has(t => t.ShiftX, 0.25 / Math.Sqrt(12));
        Has(t => t.ShiftY, 0.25 / Math.Sqrt(12));
        Has(t => Math.Log2(t.Scale), 0.2);
        Has(t => t.RotationBefore, 2 * Math.PI / Math.Sqrt(12));
        Has(t => Math.Log2(t.Stretch), 0.2);
        Has(t => t.RotationAfter, 2 * Math.PI / Math.Sqrt(12));
        Has(t => t.FractionX, 0.125);
        Has(t => t.FractionY, 0.125);
        Has(t => t.Brightness, 0.2);
        Has(t => Math.Log2(t.Contrast), 0.5);
        Has(t => t.Hue, 2 * Math.PI / Math.Sqrt(12));
        Has(t => Math.Log2(t.Saturation), 1);
        Assert.All(all, t => Assert.InRange(t.ShiftX, -0.125, 0.125));
        Assert.All(all, t => Assert.InRange(t.Hue, -Math.PI, Math.PI));

        void Has(Func<AdaTransforms, double> value, double deviation)
        {
            double mean = all.Average(value), spread = Math.Sqrt(all.Average(t => Math.Pow(value(t) - mean, 2)));
            Assert.InRange(mean, -5 * deviation / Math.Sqrt(all.Length), 5 * deviation / Math.Sqrt(all.Length));
            Assert.InRange(spread, 0.98 * deviation, 1.02 * deviation);
        }
    }

    [Fact]
    public void Each_transformation_happens_with_probability_p_and_independently_of_the_others()
    {
        const double P = 0.3;
        AdaTransforms[] all = Draw(P, 50_000);
        Happens(t => t.Mirror, P / 2);
        Happens(t => t.QuarterTurns != 0, P * 3 / 4);
        Happens(t => t.ShiftX != 0, P);
        Happens(t => t.Scale != 1, P);
        Happens(t => t.RotationBefore != 0 || t.RotationAfter != 0, P);
        Happens(t => t.RotationBefore != 0 && t.RotationAfter != 0, Math.Pow(1 - Math.Sqrt(1 - P), 2));
        Happens(t => t.Stretch != 1, P);
        Happens(t => t.FractionX != 0, P);
        Happens(t => t.Brightness != 0, P);
        Happens(t => t.Contrast != 1, P);
        Happens(t => t.LumaMirror, P / 2);
        Happens(t => t.Hue != 0, P);
        Happens(t => t.Saturation != 1, P);
        Happens(t => t.Scale != 1 && t.Hue != 0 && t.Brightness != 0, P * P * P);
        Happens(t => t.KeepsColor, Math.Pow(1 - P, 4) * (1 - P / 2));

        // Five standard deviations.
        void Happens(Func<AdaTransforms, bool> which, double probability)
        {
            double off = 5 * Math.Sqrt(probability * (1 - probability) / all.Length);
            Assert.InRange(all.Average(t => which(t) ? 1.0 : 0), probability - off, probability + off);
        }
    }

    static AdaTransforms[] Draw(double p, int n) =>
        [.. Enumerable.Range(0, n).Select(i => AdaTransforms.Of(new ImageDraws(5, 2, Augment.Fake, i), p))];

    [Fact]
    public void With_probability_0_images_stay_as_they_are_bit_for_bit() => Step.Run(() =>
    {
        Tensor x = Images(2, 8, 3);
        Assert.Same(x, new Ada(1, Device.Cpu).Apply(x, 1, Augment.Real));
        // The path that computes, too: of these images one is changed, the other goes through identity maps.
        AdaTransforms[] one = [new(), new() { Scale = 1.3, Hue = 1 }];
        float[] y = Ada.Color(Ada.Move(x, one), one).ToArray(), before = x.ToArray();
        int half = before.Length / 2;
        Assert.Equal(before[..half], y[..half]);
        Assert.NotEqual(before[half..], y[half..]);
    });

    [Fact]
    public void Turns_mirrors_and_whole_shifts_move_pixels_exactly() => Step.Run(() =>
    {
        Tensor x = Images(1, 8, 3);
        HashSet<float> known = [.. x.ToArray()];
        AdaTransforms[] t = [new() { Mirror = true, QuarterTurns = 3, ShiftX = 0.12, ShiftY = -0.1 }];
        Assert.All(Ada.Move(x, t).ToArray(), v => Assert.Contains(v, known));
    });

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(1)]
    public void The_gradient_is_the_transpose(int channels) => Step.Run(() =>
    {
        Ada ada = new(3, Device.Cpu, initial: 1);
        Tensor x = Images(5, 12, channels), y = new RandomSource(9).Normal(x.Shape, Device.Cpu), leaf = x.RequireGrad();
        Tensor image = ada.Apply(leaf, 1, Augment.Fake), linear = image - ada.Apply(Tensor.Zeros(x.Shape), 1, Augment.Fake);
        double left = Dot(linear, y), right = Dot(x, Autograd.Grad(Ops.Sum(image * y), [leaf])[0]);
        Assert.True(Math.Abs(left - right) <= 1e-5 * Math.Sqrt(Dot(linear, linear) * Dot(y, y)), $"{left} and {right}");
    });

    // Finite differences of float32 with this stencil are good to 1e-4. tanh makes the second order something to check.
    [Fact]
    public void Gradients_of_order_1_and_2_agree_with_finite_differences()
    {
        Ada ada = new(4, Device.Cpu, initial: 0.8);
        GradCheck.Assert(x => Ops.Tanh(0.5f * ada.Apply(x, 2, Augment.Fake)), Images(4, 8, 3),
            options: new GradCheckOptions { Device = Device.Cpu, Seed = 6, FirstTolerance = 1e-3, SecondTolerance = 1e-3 });
    }

    // Batch 10, interval 2, 0.1 thousand images: p moves by 10 * 2 / 100 = 0.2 every second update.
    [Fact]
    public void The_controller_follows_the_signs_of_the_scores() => Step.Run(() =>
    {
        Ada ada = new(1, Device.Cpu, target: 0.5, interval: 2, kimg: 0.1);
        Expect(10, 0);
        Expect(10, 0.2f);
        // Signs of 6 and 10 positive scores of 10: means 0.2 and 1, together 0.6 > 0.5; magnitudes do not count.
        Expect(6, 0.2f);
        Expect(10, 0.4f);
        // 0.2 and 0.6: 0.4 < 0.5.
        Expect(6, 0.4f);
        Expect(8, 0.2f);
        // Exactly the target: it stays.
        Expect(10, 0.2f);
        Expect(5, 0.2f);
        // Not below 0, not above 1.
        for (int i = 0; i < 6; i++) Observe(0);
        Assert.Equal(0, ada.Probability);
        for (int i = 0; i < 14; i++) Observe(10);
        Assert.Equal(1, ada.Probability);
        Assert.Equal([("ada_p", 1.0)], ada.Metrics);

        void Expect(int positive, float p)
        {
            Observe(positive);
            Assert.Equal(p, ada.Probability, 1e-6f);
        }

        // In two parts of 4 and 6.
        void Observe(int positive)
        {
            float[] scores = [.. Enumerable.Range(0, 10).Select(i => i < positive ? 0.01f : -100)];
            ada.Observe([Tensor.From(scores.AsSpan(0, 4)), Tensor.From(scores.AsSpan(4))]);
        }
    });

    [Fact]
    public void Scores_that_are_no_numbers_leave_the_probability_alone() => Step.Run(() =>
    {
        Ada ada = new(1, Device.Cpu, interval: 1, kimg: 0.1, initial: 0.5);
        ada.Observe([Tensor.From(float.NaN, float.NaN)]);
        Assert.InRange(ada.Probability, 0, 1);
    });

    static Tensor Images(int n, int side, int channels) =>
        new RandomSource(8).Uniform(new Shape(n, side, side, channels), -1, 1, Device.Cpu);

    static double Dot(Tensor a, Tensor b) => a.ToArray().Zip(b.ToArray(), (x, y) => (double)x * y).Sum();
}
