using Sagan.Native.Kernels;
using Sagan.Native.Metrics;

namespace Sagan.Native.Tests.Metrics;

[Quick]
public sealed class MetricCacheTests : IDisposable
{
    readonly TemporaryFolder folder = new();
    readonly List<string> warnings = [];
    int computed;

    MetricCache Cache => new(folder.File("cache"), warnings.Add);

    /// <summary>2 features and 3 logits that are never computed.</summary>
    sealed class Network(int width = 2) : FeatureNetwork
    {
        public override string Name => "test";

        public override string Key => "test 1";

        public override bool IsProxy => true;

        public override int Width => width;

        public override int Classes => 3;

        public override Device Device => Device.Cpu;

        protected override (Tensor Features, Tensor? Logits) Forward(Tensor x) => throw new InvalidOperationException();
    }

    Features Get(string key = "data", int width = 2) => Cache.Features(key, 4, new Network(width), () =>
    {
        computed++;
        return new Features([.. Enumerable.Range(0, 4 * width).Select(i => i + 0.1f)], width,
            [.. Enumerable.Range(0, 12).Select(i => -i * 0.3f)]);
    });

    [Fact]
    public void Features_are_computed_once_and_come_back_as_they_were()
    {
        Features first = Get(), second = Get();
        Assert.Equal(1, computed);
        Assert.Equal(first.Values, second.Values);
        Assert.Equal(first.Logits, second.Logits);
        Assert.Equal((4, 2, 3), (second.Count, second.Width, second.Classes));
        Assert.Empty(warnings);
        Get("other data");
        Assert.Equal(2, computed);
        Assert.Equal(2, Directory.GetFiles(folder.File("cache")).Length);
    }

    [Theory]
    [InlineData("truncated")]
    [InlineData("garbage")]
    [InlineData("empty")]
    [InlineData("a value changed")]
    [InlineData("another file's name")]
    [InlineData("another shape")]
    public void A_file_that_is_no_good_costs_a_warning_and_is_replaced(string damage)
    {
        float[] good = Get().Values;
        string path = Assert.Single(Directory.GetFiles(folder.File("cache")));
        byte[] bytes = File.ReadAllBytes(path);
        switch (damage)
        {
            case "truncated": bytes = bytes[..^3]; break;
            case "garbage": Array.Fill(bytes, (byte)'x'); break;
            case "empty": bytes = []; break;
            case "a value changed": bytes[^1] ^= 1; break;
            case "another file's name":
                Get("other");
                bytes = File.ReadAllBytes(Directory.GetFiles(folder.File("cache")).Single(f => f != path));
                break;
            case "another shape":
                Cache.Features("data", 4, new Network(3), () => new Features(new float[12], 3, new float[12]));
                bytes = File.ReadAllBytes(path);
                break;
        }
        File.WriteAllBytes(path, bytes);
        computed = 0;
        if (damage == "another shape")
        {
            // The key holds the network, not its width, so both have one file.
            Assert.Contains("expected [4, 3]", Assert.Single(warnings));
            return;
        }
        Assert.Equal(good, Get().Values);
        Assert.Equal(1, computed);
        Assert.Contains("no good", Assert.Single(warnings));
        Assert.Equal(good, Get().Values);
        Assert.Equal(1, computed);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_costs_a_warning()
    {
        folder.Write("cache", "a file where the folder should be");
        Assert.Equal(0.1f, Get().Values[0]);
        Assert.Contains("cannot be written", Assert.Single(warnings));
    }

    [Fact]
    public void Parameters_are_computed_once_and_loaded_whole_or_not_at_all()
    {
        Parameter Fresh(string name, int count) => new(name, Tensor.Zeros(new Shape(count)));
        (string, Parameter)[] State(params Parameter[] p) => [.. p.Select(x => (x.Name, x))];
        Parameter a = Fresh("a", 3), b = Fresh("b", 1);
        Cache.Parameters("net", State(a, b), () => { a.Assign([1, 2, 3]); b.Assign([4]); });
        (a, b) = (Fresh("a", 3), Fresh("b", 1));
        Cache.Parameters("net", State(a, b), () => throw new InvalidOperationException("computed again"));
        Assert.Equal([1, 2, 3, 4], a.Value.ToArray().Concat(b.Value.ToArray()));

        // A parameter that the file lacks: nothing of it is taken.
        Parameter fresh = Fresh("a", 3), other = Fresh("c", 1);
        Cache.Parameters("net", State(fresh, other), () => computed++);
        Assert.Equal(1, computed);
        Assert.Equal([0, 0, 0], fresh.Value.ToArray());
        Assert.Contains("'c'", Assert.Single(warnings));
    }

    [Fact]
    public void The_folder_is_the_users_choice_then_the_desktops_then_the_systems()
    {
        Dictionary<string, string> variables = new() { ["SAGAN_CACHE"] = "/own", ["XDG_CACHE_HOME"] = "/xdg" };
        string Default() => MetricCache.DefaultFolder(variables.GetValueOrDefault);
        Assert.Equal("/own", Default());
        variables.Remove("SAGAN_CACHE");
        Assert.Equal(Path.Combine("/xdg", "sagan"), Default());
        variables["XDG_CACHE_HOME"] = "";
        Assert.Equal("sagan", Path.GetFileName(Default()));
        Assert.True(Path.IsPathRooted(Default()));
    }

    public void Dispose() => folder.Dispose();
}
