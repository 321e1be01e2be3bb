using System.Text.Json;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>A file of numbers made by PyTorch: see tests/golden/README.md. Copied beside the test assembly by the build.</summary>
sealed class GoldenFile : IDisposable
{
    readonly SafetensorsReader reader;

    public GoldenFile(string name)
    {
        Path = System.IO.Path.Combine(AppContext.BaseDirectory, "golden", name + ".safetensors");
        reader = new SafetensorsReader(Path);
    }

    public static string Folder => System.IO.Path.Combine(AppContext.BaseDirectory, "golden");

    public string Path { get; }

    public SafetensorsReader Reader => reader;

    /// <summary>Parameters of the cases by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Cases => JsonDocument.Parse(reader.Metadata["cases"]).RootElement.EnumerateObject().ToDictionary(c => c.Name, c => c.Value);

    public bool Contains(string name) => reader.Contains(name);

    public float[] Floats(string name) => reader.Read<float>(name);

    public int[] Ints(string name) => reader.Read<int>(name);

    public Shape Shape(string name) => new([.. reader[name].Shape.Select(n => (int)n)]);

    /// <summary>The names x for which there is a tensor prefix + x.</summary>
    public string[] Names(string prefix) =>
        [.. reader.Entries.Where(e => e.Name.StartsWith(prefix, StringComparison.Ordinal)).Select(e => e.Name[prefix.Length..]).Order(StringComparer.Ordinal)];

    /// <summary>A tensor on a device; images and convolution weights, [a, b, h, w] in the file, become the engine's [a, h, w, b].</summary>
    public Tensor Tensor(string name, Device device, bool channelsLast = false)
    {
        Tensor t = Native.Tensor.From(Floats(name), Shape(name), device);
        return channelsLast && t.Rank == 4 ? Ops.Permute(t, 0, 2, 3, 1) : t;
    }

    /// <summary>
    /// Asserts |actual - expected| at most tolerance times the larger of floor and the largest |expected|, element by element; returns the largest such quotient.
    /// </summary>
    public double AssertClose(string name, Tensor actual, double tolerance, bool channelsLast = false, double floor = 0.1)
    {
        Tensor a = channelsLast && actual.Rank == 4 ? Ops.Permute(actual.Detach(), 0, 3, 1, 2) : actual;
        Assert.True(Shape(name) == a.Shape, $"{name}: {a.Shape}, expected {Shape(name)}");
        return AssertClose(name, a.ToArray(), tolerance, floor);
    }

    /// <summary>As above, for values in the file's layout.</summary>
    public double AssertClose(string name, ReadOnlySpan<float> actual, double tolerance, double floor = 0.1)
    {
        float[] expected = Floats(name);
        Assert.Equal(expected.Length, actual.Length);
        double scale = floor, worst = 0;
        foreach (float e in expected) scale = Math.Max(scale, Math.Abs(e));
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs((double)actual[i] - expected[i]) / scale;
            // Not error > tolerance: that would let NaN pass.
            Assert.True(error <= tolerance, $"{name}[{i}] is {actual[i]}, expected {expected[i]}: off by {error:G2} of {scale:G3}, allowed {tolerance:G2}");
            worst = Math.Max(worst, error);
        }
        return worst;
    }

    public void Dispose() => reader.Dispose();
}
