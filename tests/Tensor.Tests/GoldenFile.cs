using System.Text.Json;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>A file of numbers made by PyTorch: see tests/golden/README.md. Copied beside the test assembly by the build.</summary>
sealed class GoldenFile : IDisposable
{
    public GoldenFile(string name)
    {
        Reader = new SafetensorsReader(Path.Combine(Folder, name + ".safetensors"));
    }

    public static string Folder => Path.Combine(AppContext.BaseDirectory, "golden");

    public SafetensorsReader Reader { get; }

    /// <summary>Parameters of the cases by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Cases =>
        JsonDocument.Parse(Reader.Metadata["cases"]).RootElement.EnumerateObject().ToDictionary(c => c.Name, c => c.Value);

    /// <summary>Every case of a file with the name of every device.</summary>
    public static TheoryData<string, string> CasesOnEveryDevice(string name)
    {
        using GoldenFile file = new(name);
        TheoryData<string, string> d = [];
        foreach (string c in file.Cases.Keys)
        {
            d.Add(c, Device.Reference.Name);
            d.Add(c, Device.Cpu.Name);
        }
        return d;
    }

    public bool Contains(string name) => Reader.Contains(name);

    public float[] Floats(string name) => Reader.Read<float>(name);

    public int[] Ints(string name) => Reader.Read<int>(name);

    public Shape Shape(string name) => new([.. Reader[name].Shape.Select(n => (int)n)]);

    /// <summary>The names x for which there is a tensor prefix + x.</summary>
    public string[] Names(string prefix) =>
        [.. Reader.Entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(e => e.Name[prefix.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>A tensor on a device; images and convolution weights, [a, b, h, w] in the file, become the engine's [a, h, w, b].</summary>
    public Tensor Tensor(string name, Device device, bool channelsLast = false)
    {
        Tensor t = Native.Tensor.From(Floats(name), Shape(name), device);
        return channelsLast && t.Rank == 4 ? Ops.Permute(t, 0, 2, 3, 1) : t;
    }

    /// <summary>
    /// Asserts |actual - expected| at most tolerance times the larger of floor and the largest |expected|, element by element; returns
    /// the largest quotient.
    /// </summary>
    public double AssertClose(string name, Tensor actual, double tolerance, bool channelsLast = false, double floor = 0.1)
    {
        Tensor a = channelsLast && actual.Rank == 4 ? Ops.Permute(actual.Detach(), 0, 3, 1, 2) : actual;
        Assert.True(Shape(name) == a.Shape, $"{name}: {a.Shape}, expected {Shape(name)}");
        return AssertClose(name, a.ToArray(), tolerance, floor);
    }

    /// <summary>The largest absolute value of a tensor.</summary>
    public double Largest(string name) => Floats(name).Max(Math.Abs);

    /// <summary>As above, for values in the file's layout.</summary>
    public double AssertClose(string name, ReadOnlySpan<float> actual, double tolerance, double floor = 0.1)
    {
        float[] expected = Floats(name);
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(floor, Largest(name)), worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs((double)actual[i] - expected[i]) / scale;
            // Not error > tolerance: that would let NaN pass.
            Assert.True(error <= tolerance, $"{name}[{i}] is {actual[i]}, expected {expected[i]}: off by {error:G2} of {scale:G3}, allowed "
                + $"{tolerance:G2}");
            worst = Math.Max(worst, error);
        }
        return worst;
    }

    /// <summary>A gradient in the layout in which files hold its parameter.</summary>
    public static float[] InFileLayout(Parameter p, Tensor gradient) => StateDict.Saved(LaidOutAs(p, gradient));

    /// <summary>A value that files hold as they hold this parameter.</summary>
    public static Parameter LaidOutAs(Parameter p, Tensor value) =>
        new(p.Name, value) { SavedOrder = p.SavedOrder, SavedView = p.SavedView, SavedShape = p.SavedShape };

    public void Dispose() => Reader.Dispose();
}
