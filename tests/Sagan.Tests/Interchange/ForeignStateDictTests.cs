using Sagan.Native.Interchange.StateDicts;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests.Interchange;

/// <summary>State dicts that PyTorch saved, in our networks, against the images that PyTorch made of them.</summary>
[Quick]
public class ForeignStateDictTests
{
    // Images are in [-1, 1]; a dozen float32 units, since a pixel is a sum over some 1000 products and ours are added in another order.
    const double Tolerance = 1e-5;

    static readonly ModelConfig heykeetae = new() { Size = 64, ConvDim = 8, ZDim = 16, SpectralNorm = SpectralNormKind.Heykeetae };
    static readonly ModelConfig small = new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [8], DAttention = [] };

    static TensorFile Open(string name) => ForeignStateDict.Named(new PthReader(new MemoryStream(InterchangeGolden.File(name)), name));

    static T Loaded<T>(string file, T network) where T : Module
    {
        using TensorFile named = Open(file);
        ForeignStateDict.Load(named, network);
        network.Train(false);
        return network;
    }

    static void Compute(Action body) => Step.Run(() => Autograd.NoGrad(() =>
    {
        body();
        return true;
    }));

    static Initializer Init() => new(new RandomSource(9));

    static Tensor Noise(TensorFile golden) => Tensor.From(golden.Read<float>("z"), new Shape([.. golden["z"].Shape.Select(n => (int)n)]));

    // Images in the file's layout [N, C, H, W], each pixel or every fourth.
    static float[] Images(Tensor nhwc, int every)
    {
        Tensor y = Ops.Permute(nhwc, 0, 3, 1, 2);
        (int planes, int size, float[] all) = (y.Shape[0] * y.Shape[1], y.Shape[2], y.ToArray());
        return [.. from p in Enumerable.Range(0, planes) from i in Every() from j in Every() select all[(p * size + i) * size + j]];

        IEnumerable<int> Every() => Enumerable.Range(0, size / every).Select(i => i * every);
    }

    static void AssertClose(TensorFile golden, string name, float[] actual, double tolerance = Tolerance)
    {
        float[] expected = golden.Read<float>(name);
        Assert.Equal(expected.Length, actual.Length);
        double worst = expected.Zip(actual).Max(p => Math.Abs((double)p.First - p.Second));
        Assert.True(worst <= tolerance, $"{name}: off by {worst:G3}");
        // The comparison means something only where the images are not all alike.
        Assert.True(expected.Max() - expected.Min() > 0.5);
    }

    [Fact]
    public void A_heykeetae_generator_gives_its_images_as_saved_and_with_the_power_step_of_the_original()
    {
        using SafetensorsReader golden = InterchangeGolden.Numbers("hk/images.safetensors");
        using TensorFile named = Open("hk/g.pth");
        Assert.Equal(SpectralNormKind.Heykeetae, ForeignStateDict.SpectralNormOf(named));
        Generator g = Loaded("hk/g.pth", Generator.Create(heykeetae, Init()));
        Compute(() =>
        {
            // Sampling freezes u and v. The original does one power step in each forward pass, in evaluation too; so does a plain call
            // here.
            AssertClose(golden, "frozen", Images(SpectralNorm.Frozen(g, () => g.Call(Noise(golden))), 4));
            Tensor stepped = g.Call(Noise(golden));
            AssertClose(golden, "stepped", Images(stepped, 4));
            AssertClose(golden, "whole", Images(Ops.Slice(stepped, 0, 0, 1), 1));
        });
    }

    [Fact]
    public void A_heykeetae_discriminator_gives_its_scores()
    {
        using SafetensorsReader golden = InterchangeGolden.Numbers("hk/images.safetensors");
        Generator g = Loaded("hk/g.pth", Generator.Create(heykeetae, Init()));
        Discriminator d = Loaded("hk/d.pth", Discriminator.Create(heykeetae, Init()));
        Compute(() =>
        {
            Tensor images = SpectralNorm.Frozen(g, () => g.Call(Noise(golden)));
            float[] frozen = SpectralNorm.Frozen(d, () => d.Call(images)).ToArray(), stepped = d.Call(images).ToArray();
            foreach ((string name, float[] actual) in (ReadOnlySpan<(string, float[])>)[("scores_frozen", frozen),
                ("scores_stepped", stepped)])
                Assert.All(golden.Read<float>(name).Zip(actual), p =>
                    Assert.InRange(Math.Abs(p.First - p.Second), 0, Tolerance * Math.Max(1, Math.Abs(p.First))));
        });
    }

    [Fact]
    public void A_file_of_DataParallel_in_half_precision_without_counters_loads()
    {
        using SafetensorsReader golden = InterchangeGolden.Numbers("hk/parallel.safetensors");
        Generator g = Loaded("hk/parallel.pth", Generator.Create(small with { SpectralNorm = SpectralNormKind.Heykeetae }, Init()));
        Compute(() => AssertClose(golden, "frozen", Images(SpectralNorm.Frozen(g, () => g.Call(Noise(golden))), 1)));
    }

    [Theory]
    [InlineData("hook", SpectralNormKind.Torch)]
    [InlineData("parametrized", SpectralNormKind.Torch)]
    [InlineData("without_v", SpectralNormKind.Torch)]
    [InlineData("none", SpectralNormKind.None)]
    public void State_dicts_of_pytorchs_own_spectral_norm_load(string name, SpectralNormKind kind)
    {
        using TensorFile named = Open($"sn/{name}.pth");
        Assert.Equal(kind, ForeignStateDict.SpectralNormOf(named));
        using SafetensorsReader golden = InterchangeGolden.Numbers($"sn/{name}.safetensors");
        Generator g = Loaded($"sn/{name}.pth", Generator.Create(small with { SpectralNorm = kind }, Init()));
        Compute(() => AssertClose(golden, "images", Images(g.Call(Noise(golden)), 1)));
    }

    /// <summary>What PyTorch 0.4 wrote: the loader of later versions solves for v from the divided weight, and so do we.</summary>
    [Fact]
    public void A_file_of_pytorch_0_4_has_its_v_solved_from_the_divided_weight()
    {
        using SafetensorsReader golden = InterchangeGolden.Numbers("sn/before_1.0.safetensors");
        Generator g = Loaded("sn/before_1.0.pth", Generator.Create(small with { SpectralNorm = SpectralNormKind.Torch }, Init()));
        Compute(() => AssertClose(golden, "images", Images(g.Call(Noise(golden)), 1)));
        // u^T W v = sigma, PyTorch's own; and W v is a multiple of u, which rounding in a product W^T W of float32 hides in PyTorch's.
        using TensorFile file = Open("sn/before_1.0.pth");
        foreach (string layer in (ReadOnlySpan<string>)["l1.0", "l2.0"])
        {
            float[] w = file.Read<float>(layer + ".weight_orig"), u = file.Read<float>(layer + ".weight_u");
            (int inputs, int outputs) = ((int)file[layer + ".weight_orig"].Shape[0], u.Length);
            float[] ours = StateDict.Saved(g.State().Single(s => s.Name == layer + ".weight_v").Parameter);
            double[] expected = Times(golden.Read<float>(layer + ".weight_v")), actual = Times(ours);
            double sigma = Dot(u, actual);
            Assert.Equal(Dot(u, expected), sigma, 1e-5 * sigma);
            Assert.All(u.Zip(actual), p => Assert.Equal(sigma * p.First, p.Second, 1e-5 * sigma));

            static double Dot(float[] a, double[] b) => a.Zip(b).Sum(p => p.First * p.Second);

            // Rows of W are the outputs of a transposed convolution [in, out, K, K].
            double[] Times(float[] v) => [.. Enumerable.Range(0, outputs).Select(o => Enumerable.Range(0, inputs).Sum(i =>
                Enumerable.Range(0, 16).Sum(k => (double)w[(i * outputs + o) * 16 + k] * v[i * 16 + k])))];
        }
    }

    [Fact]
    public void The_divided_weight_gives_sigma_where_it_is_not_0_and_v_of_a_matrix_without_full_rank()
    {
        Assert.Equal(2.5, DividedWeight.Sigma([5, 0, 10], [2, 0, 4]));
        Assert.Null(DividedWeight.Sigma([1, 2], [0, 0]));
        // W = [[3, 0, 0], [0, 0, 0]]: v is along the first axis, whichever of the two matrices is the smaller.
        Assert.Equal([2f / 3, 0, 0], DividedWeight.SolveV([3, 0, 0, 0, 0, 0], [1, 0], 2)!);
        Assert.Equal([2f / 3], DividedWeight.SolveV([3, 0, 0], [1, 0, 0], 2)!);
        Assert.Null(DividedWeight.SolveV([3, 0, 0, 0], [0, 1], 2));
    }

    [Fact]
    public void A_tensor_with_values_that_are_not_finite_is_refused_by_name()
    {
        Generator g = Generator.Create(small with { SpectralNorm = SpectralNormKind.None }, Init());
        (string name, Parameter p) = g.State().First(s => s.Name == "last.0.bias");
        p.Assign([float.NaN, 1, float.NegativeInfinity]);
        using TemporaryFolder folder = new();
        StateDict.Save(g, folder.File("g.safetensors"));
        using TensorFile named = ForeignStateDict.Named(new SafetensorsReader(folder.File("g.safetensors")));
        Exception e = Assert.ThrowsAny<Exception>(() =>
            ForeignStateDict.Load(named, Generator.Create(small with { SpectralNorm = SpectralNormKind.None }, Init())));
        Assert.Contains($"'{name}' has 2 values of 3 that are NaN or infinite", e.Message);
    }

    [Fact]
    public void A_file_that_does_not_fit_names_what_does_not_and_changes_nothing()
    {
        Generator g = Generator.Create(small with { SpectralNorm = SpectralNormKind.Heykeetae, ConvDim = 16 }, Init());
        float[] before = g.State().First().Parameter.Value.ToArray();
        using TensorFile named = Open("hk/parallel.pth");
        TensorFileException e = Assert.Throws<TensorFileException>(() => ForeignStateDict.Load(named, g));
        Assert.Contains("'l1.0.module.bias' is [16] in the file and [32] in the network", e.Message);
        Assert.Equal(before, g.State().First().Parameter.Value.ToArray());
    }
}
