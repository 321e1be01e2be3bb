using System.Text;
using System.Text.Json;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;
using Sagan.Native.Metrics.Inception;

namespace Sagan.Native.Tests.Metrics;

/// <summary>
/// Against torchvision's modules with the pools of 2015: tests/golden/make_inception.py. Weights and images are drawn again here.
/// </summary>
public sealed class InceptionTests : IDisposable
{
    const ulong Seed = 2015;
    const int Divisor = 16;

    readonly SafetensorsReader golden = new(Path.Combine(AppContext.BaseDirectory, "golden", "inception.safetensors"));

    /// <summary>Every tensor of the full network's state, with its shape.</summary>
    Dictionary<string, int[]> State => JsonSerializer.Deserialize<Dictionary<string, int[]>>(golden.Metadata["state"])!;

    static ulong Hash(string name) => Encoding.UTF8.GetBytes(name).Aggregate(0xCBF29CE484222325ul, (h, b) => (h ^ b) * 0x100000001B3);

    static (float[] Values, int[] Shape) Draw(string name, int[] shape)
    {
        (double low, double high) =
            shape.Length == 4 ? Symmetric(Math.Sqrt(6.0 / (shape[1] * shape[2] * shape[3])))
            : shape.Length == 2 ? Symmetric(0.1)
            : name.EndsWith("running_var", StringComparison.Ordinal) ? (0.5, 1.5)
            : name.EndsWith("bn.weight", StringComparison.Ordinal) ? (0.6, 1.2)
            : Symmetric(0.2);
        ulong stream = Hash(name);
        float[] x = new float[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < x.Length; i++) x[i] = (float)(low + (high - low) * CounterRandom.Unit(Seed, stream, (ulong)i));
        return (x, shape);

        static (double, double) Symmetric(double bound) => (-bound, bound);
    }

    // The state of the small network: all widths divided, but not the channels of an image nor the sides of a kernel.
    NamedWeights Small()
    {
        Dictionary<string, int[]> state = State;
        return name => state.TryGetValue(name, out int[]? s) ? Draw(name, [.. s.Select((n, axis) => axis > 1 || n == 3 ? n : n / Divisor)])
            : null;
    }

    static ImageSet Noise(string name, int count, int size)
    {
        ulong stream = Hash(name);
        int length = size * size * 3;
        return ImageSet.Of([.. Enumerable.Range(0, count).Select(i =>
            new Image(size, size, 3, [.. Enumerable.Range(0, length)
                .Select(k => (byte)(CounterRandom.Bits(Seed, stream, (ulong)(i * length + k)) >> 56))]))]);
    }

    [Theory]
    [InlineData("small", 2, 32)]
    [InlineData("middle", 1, 64)]
    [InlineData("large", 1, 320)]
    public void Features_and_logits_are_torchvisions(string name, int count, int size)
    {
        InceptionNetwork network = new(Small(), "0123456789", Device.Cpu, Divisor);
        Features f = network.Extract(Noise(name, count, size));
        Assert.Equal((128, 63), (f.Width, f.Classes));
        AssertClose($"{name}.features", f.Values);
        AssertClose($"{name}.logits", f.Logits!);
    }

    // 48 layers in float32 against float64: 1e-5 of the largest value is about 80 roundings.
    void AssertClose(string name, float[] actual)
    {
        float[] expected = golden.Read<float>(name);
        float largest = expected.Max(MathF.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f * largest);
    }

    [Fact]
    public void The_full_network_asks_for_the_names_and_shapes_of_the_published_file()
    {
        Dictionary<string, int[]> state = State;
        HashSet<string> asked = [];
        InceptionModule module = new(name =>
        {
            asked.Add(name);
            return state.TryGetValue(name, out int[]? shape) ? (new float[shape.Aggregate(1, (a, b) => a * b)], shape) : null;
        }, Device.Cpu);
        Assert.Equal((2048, 1008), (module.Width, module.Classes));
        // Shapes were checked by the module. The bias of the classes belongs to the graph, but to neither metric.
        Assert.Equal(state.Keys.Except(["fc.bias"]).Order(), asked.Order());
    }

    [Fact]
    public void Grey_is_repeated_and_alpha_composited_over_white()
    {
        InceptionNetwork network = new(Small(), "0123456789", Device.Cpu, Divisor);
        byte[] grey = [.. Enumerable.Range(0, 64).Select(i => (byte)(i * 4))];
        Image one = new(8, 8, 1, grey), three = new(8, 8, 3, [.. grey.SelectMany(v => new[] { v, v, v })]);
        Assert.Equal(network.Extract(ImageSet.Of([three])).Values, network.Extract(ImageSet.Of([one])).Values);
        byte[] rgba = [.. grey.SelectMany(v => new byte[] { v, 10, 200, 255 })], rgb = [.. grey.SelectMany(v => new byte[] { v, 10, 200 })];
        float[] opaque = network.Extract(ImageSet.Of([new(8, 8, 4, rgba)])).Values,
            expected = network.Extract(ImageSet.Of([new(8, 8, 3, rgb)])).Values;
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], opaque[i], 1e-5f);
        for (int i = 3; i < rgba.Length; i += 4) rgba[i] = 0;
        Image white = new(8, 8, 3, [.. Enumerable.Repeat((byte)255, 192)]);
        expected = network.Extract(ImageSet.Of([white])).Values;
        float[] transparent = network.Extract(ImageSet.Of([new(8, 8, 4, rgba)])).Values;
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], transparent[i], 1e-5f);
    }

    [Fact]
    public void A_file_of_weights_gives_the_network_and_its_name()
    {
        using TemporaryFolder folder = new();
        NamedWeights small = Small();
        string path = folder.File("weights.safetensors");
        Save(path, State.Keys, small);
        InceptionNetwork network = InceptionNetwork.Open(path, Device.Cpu, Divisor), direct = new(small, "0123456789", Device.Cpu, Divisor);
        ImageSet images = Noise("small", 2, 32);
        Assert.Equal(direct.Extract(images).Values, network.Extract(images).Values);
        Assert.Matches("^Inception-v3 of 2015-12-05 \\(weights [0-9a-f]{8}\\)$", network.Name);
        Assert.Equal("FID", network.NameOf("FID"));

        string pth = folder.File("weights.pth");
        PthWriter torch = new();
        foreach (string name in State.Keys)
            if (small(name) is ({ } values, { } shape)) torch.Add(name, new Shape(shape), () => values);
        torch.Save(pth);
        Assert.Equal(direct.Extract(images).Values, InceptionNetwork.Open(pth, Device.Cpu, Divisor).Extract(images).Values);

        Save(path, State.Keys.Where(k => k != "Mixed_6b.branch7x7_2.bn.running_var"), small);
        Refused(path, "no tensor 'Mixed_6b.branch7x7_2.bn.running_var' [8]");
        Save(path, State.Keys, name => name == "Mixed_7c.branch1x1.conv.weight" ? (new float[20], [20, 1, 1, 1]) : small(name));
        Refused(path, "'Mixed_7c.branch1x1.conv.weight' is [20, 1, 1, 1] in the file of Inception weights, [20, 128, 1, 1] in the network");
        Save(path, ["fc.weight"], _ => (new float[2000], [1000, 2]));
        Refused(path, "torchvision's Inception");
        Refused(folder.File("none.safetensors"), "no such file");

        static void Refused(string path, string why)
        {
            RunFileException e = Assert.Throws<RunFileException>(() => InceptionNetwork.Open(path, Device.Cpu, Divisor));
            Assert.Contains(why, e.Message);
            Assert.StartsWith(path, e.Message);
        }

        static void Save(string path, IEnumerable<string> names, NamedWeights weights)
        {
            SafetensorsWriter file = new();
            foreach (string name in names)
                if (weights(name) is ({ } values, { } shape)) file.Add(name, new Shape(shape), values);
            file.Save(path);
        }
    }

    [Theory]
    [InlineData(7, 7)]
    [InlineData(4, 9)]
    [InlineData(9, 4)]
    public void Interpolation_weights_sum_to_1_and_keep_a_ramp(int from, int to)
    {
        Tensor ramp = Tensor.From([.. Enumerable.Range(0, from).Select(i => i + 0.5f)], new Shape(1, from, 1, 1));
        float[] y = SeparableFilter.Apply(ramp, SeparableFilter.Bilinear(from, to), SeparableFilter.Bilinear(1, 1)).ToArray();
        // Between the centres of the first and the last pixel; beyond them the border is continued.
        for (int i = 0; i < to; i++) Assert.Equal(Math.Clamp((i + 0.5) * from / to, 0.5, from - 0.5), y[i], 1e-5);
    }

    public void Dispose() => golden.Dispose();
}
