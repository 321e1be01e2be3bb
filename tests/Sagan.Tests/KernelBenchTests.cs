using System.Text.Json.Nodes;
using System.Xml.Linq;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands;
using Sagan.Native.Commands.Console;
using Sagan.Native.Kernels;
using Sagan.Native.Measuring;

namespace Sagan.Native.Tests;

/// <summary><c>sagan bench kernels</c>: the table, the roofline, and comparison with a baseline.</summary>
public sealed class KernelBenchTests : IDisposable
{
    const string Kernel = "softmax", Shape = "[64, 1024]";

    // One kernel at a small batch: measuring takes well under a second, measuring the roofs about one.
    static readonly string[] Quick = ["kernels", Kernel, "--batch", "1", "--threads", "1"];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static (int Code, string Output, string Error) Bench(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(["bench", .. arguments], output, error);
        return (code, output.ToString(), error.ToString());
    }

    static KernelCase Case(string kernel, double flops, Action run, KernelFamily family = KernelFamily.Product) =>
        new(family, kernel, "[1]", flops, 8, run);

    static KernelTiming Timing(string kernel, double ms) => new(Case(kernel, 8, () => { }), Near(ms), Near(ms), 50);

    /// <summary>Twenty-one calls that took about as long.</summary>
    static Samples Near(double ms) => new(Enumerable.Range(-10, 21).Select(i => 1e-3 * ms * (1 + 1e-3 * i)));

    /// <summary>A file such as --json prints, with these kernels of shape [1].</summary>
    string Baseline(params (string Kernel, double Milliseconds)[] kernels)
    {
        JsonObject json = new()
        {
            ["device"] = "cpu",
            ["processor"] = "Xeon",
            ["threads"] = 2,
            ["batch"] = 16,
            ["kernels"] = new JsonArray([.. kernels.Select(k =>
                new JsonObject
                {
                    ["kernel"] = k.Kernel,
                    ["shape"] = "[1]",
                    ["samples_ms"] = new JsonArray([.. Near(k.Milliseconds).Seconds.Select(s => (JsonNode)(1e3 * s))]),
                })]),
        };
        return Write(json.ToJsonString());
    }

    string Write(string text)
    {
        string path = folder.File("baseline.json");
        File.WriteAllText(path, text);
        return path;
    }

    [Fact]
    public void Kernels_are_timed_drawn_and_compared_with_a_baseline()
    {
        string svg = folder.File("roofline.svg");
        (int code, string output, string error) = Bench([.. Quick, "--json", "--roofline", svg]);
        Assert.True(code == 0, error);
        JsonNode json = JsonNode.Parse(output)!, row = Assert.Single(json["kernels"]!.AsArray())!;
        Assert.Equal(("cpu", HostProcessor.Current.Name), ((string)json["device"]!, (string)json["processor"]!));
        Assert.Equal((1, 1), ((int)json["threads"]!, (int)json["batch"]!));
        Assert.Equal((Kernel, Shape), ((string)row["kernel"]!, (string)row["shape"]!));
        Assert.Equal(8.0 * 64 * 1024 / (double)row["ms"]! * 1e-6, (double)row["gb_s"]!, 1e-6);
        Assert.Equal(100 * (double)row["gb_s"]! / (double)json["peak_gb_s"]!, (double)row["percent_of_peak"]!, 1e-6);
        Assert.Single(XDocument.Load(svg).Descendants(), e => e.Name.LocalName == "circle");

        double[] calls = [.. row["samples_ms"]!.AsArray().Select(s => (double)s!)];
        Assert.Equal((double)row["ms"]!, calls[calls.Length / 2], 0.2 * (double)row["ms"]!);
        Assert.True((double)row["noise_ms"]! >= 0 && (int)row["calls"]! >= calls.Length && (double)row["cold_ms"]! > 0);
        void TookTimes(double factor) => row["samples_ms"] = new JsonArray([.. calls.Select(c => (JsonNode)(factor * c))]);
        TookTimes(1000);
        (code, output, error) = Bench([.. Quick, "--baseline", Write(json.ToJsonString())]);
        Assert.Equal((0, ""), (code, error));
        Assert.Matches(@"(?m)^softmax .* -\d+ %$", output);

        TookTimes(1e-3);
        (code, output, error) = Bench([.. Quick, "--json", "--baseline", Write(json.ToJsonString()), "--fail-over", "900%"]);
        Assert.Equal((int)ExitCode.CheckFailed, code);
        Assert.Contains("1 of 1 kernels are slower by more than 900 % than in ", error, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^  softmax \[64, 1024\]: \d+\.\d{4} ms \+- \S+ \(\d+\), in the baseline 0\.\d{4} ms \+- .*: \+\d+ %$", error);
        // The figures are there all the same.
        Assert.Equal(1e-3 * calls[calls.Length / 2], (double)JsonNode.Parse(output)!["kernels"]![0]!["baseline_ms"]!, 1e-4);

        json["processor"] = "another";
        (code, output, error) = Bench([.. Quick, "--baseline", Write(json.ToJsonString())]);
        Assert.Equal(((int)ExitCode.Usage, ""), (code, output));
        Assert.Contains("another device or with other settings (cpu, another, 1 thread, batch 1; now cpu, ", error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("device", "cuda:0")]
    [InlineData("convolution", "direct")]
    [InlineData("processor", "Epyc")]
    [InlineData("threads", 4)]
    [InlineData("batch", 8)]
    public void A_baseline_of_something_else_is_refused(string key, object value)
    {
        string path = Baseline(("a", 1));
        JsonNode json = JsonNode.Parse(File.ReadAllText(path))!;
        KernelMachine here = new("cpu", "Xeon", 2, 16);
        KernelBaseline.Read(path).Require(here);
        json[key] = value is int i ? JsonValue.Create(i) : JsonValue.Create((string)value);
        File.WriteAllText(path, json.ToJsonString());
        UsageException e = Assert.Throws<UsageException>(() => KernelBaseline.Read(path).Require(here));
        Assert.Contains($"{value}", e.Message, StringComparison.Ordinal);
        Assert.Contains($"now {here}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_kernels_that_became_slower_by_more_are_named()
    {
        KernelBaseline baseline = KernelBaseline.Read(Baseline(("a", 1), ("b", 1), ("c", 1), ("gone", 1)));
        baseline.Check([Timing("a", 1.09), Timing("b", 0.5), Timing("new", 9)], 0.1);
        CheckFailedException e =
            Assert.Throws<CheckFailedException>(() => baseline.Check([Timing("a", 1.09), Timing("b", 1.2), Timing("c", 3)], 0.1));
        string[] lines = e.Message.Split('\n');
        Assert.StartsWith("bench kernels: 2 of 3 kernels are slower by more than 10 % than in ", lines[0], StringComparison.Ordinal);
        Assert.Equal(
            [
                "  b [1]: 1.2000 ms +- 0.0060 (21), in the baseline 1.0000 ms +- 0.0050 (21): +20 %",
                "  c [1]: 3.0000 ms +- 0.0150 (21), in the baseline 1.0000 ms +- 0.0050 (21): +200 %",
            ], lines[1..]);
        Assert.Throws<UsageException>(() => baseline.Check([Timing("new", 9)], 0.1));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"device":"cpu","processor":"Xeon","threads":2,"batch":16}""")]
    [InlineData("""{"device":"cpu","processor":"Xeon","threads":2,"batch":1e99,"kernels":[]}""")]
    [InlineData("""{"device":"cpu","processor":null,"threads":2,"batch":16,"kernels":[]}""")]
    [InlineData("""{"device":"cpu","processor":"Xeon","threads":2,"batch":16,"kernels":[{"kernel":"a","shape":"[1]","samples_ms":[0]}]}""")]
    [InlineData("""{"device":"cpu","processor":"Xeon","threads":2,"batch":16,"kernels":[{"kernel":"a","shape":"[1]","samples_ms":[]}]}""")]
    [InlineData("""{"device":"cpu","processor":"Xeon","threads":2,"batch":16,"kernels":[{"kernel":"a","shape":"[1]","ms":1}]}""")]
    [InlineData("""{"device":"cpu","processor":"","threads":2,"batch":16,"kernels":[{"kernel":"a","shape":"[1]","samples_ms":"fast"}]}""")]
    [InlineData("""{"device":"","processor":"","threads":2,"batch":16"""
        + ""","kernels":[{"kernel":"a","shape":"[1]","samples_ms":[1]},{"kernel":"a","shape":"[1]","samples_ms":[1]}]}""")]
    public void A_file_that_is_no_baseline_is_refused(string text)
    {
        (int code, string output, string error) = Bench([.. Quick, "--baseline", Write(text)]);
        Assert.Equal(((int)ExitCode.File, ""), (code, output));
        Assert.Contains("baseline.json: this is not what `sagan bench kernels --json` prints: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_baseline_that_is_not_there_is_an_error()
    {
        (int code, _, string error) = Bench([.. Quick, "--baseline", folder.File("missing.json")]);
        Assert.Equal((int)ExitCode.File, code);
        Assert.Contains("missing.json: the file cannot be read: ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--fail-over -1%: must be a percentage of at least 0", "--baseline", "x", "--fail-over", "-1%")]
    [InlineData("--fail-over much: must be a percentage of at least 0", "--baseline", "x", "--fail-over", "much")]
    [InlineData("--fail-over 5%: slower than what? It needs --baseline FILE.", "--fail-over", "5%")]
    [InlineData("--batch 0: must be 1 to 256.", "--batch", "0")]
    [InlineData("no kernel has that in its name; kernels: conv2d, ", "softmin")]
    public void Nonsense_is_refused(string message, params string[] arguments)
    {
        (int code, _, string error) = Bench(["kernels", .. arguments]);
        Assert.Equal((int)ExitCode.Usage, code);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_that_is_not_there_is_refused_with_the_way_out()
    {
        (int code, _, string error) = Bench("kernels", "--device", "cuda:99");
        Assert.Equal((int)ExitCode.Device, code);
        Assert.EndsWith("use --device cpu.", error.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Kernels_that_a_device_lacks_are_left_out()
    {
        KernelCase[] cpu = KernelCases.All(Device.Cpu, 16), reference = KernelCases.All(Device.Reference, 16);
        Assert.Equal(cpu.Length, cpu.Select(c => c.Name).Distinct().Count());
        Assert.Contains(cpu, c => c.Kernel == "attention");
        Assert.Contains(cpu, c => c.Kernel == "conv2d + bias + leaky relu");
        Assert.DoesNotContain(reference, c =>
            c.Kernel.Contains("attention", StringComparison.Ordinal) || c.Kernel.Contains("bias", StringComparison.Ordinal));
        Assert.Contains(reference, c => c.Kernel == "conv2d");
        Assert.Subset(cpu.Select(c => c.Name).ToHashSet(), reference.Select(c => c.Name).ToHashSet());
    }

    [Fact]
    public void Every_case_runs_on_the_cpu()
    {
        foreach (KernelCase c in KernelCases.All(Device.Cpu, 1))
        {
            c.Before?.Invoke();
            c.Run();
        }
    }

    [Fact]
    public void A_case_that_takes_too_long_is_not_timed_and_larger_ones_are_not_even_tried()
    {
        using KernelBenchmark benchmark = new(Device.Cpu) { LimitSeconds = 0.02 };
        Assert.Null(benchmark.WarmUp(Case("quick", 1e-3, () => { })));
        Assert.InRange(benchmark.WarmUp(Case("slow", 10, () => Thread.Sleep(30)))!.Value, 0.02, 10);
        int calls = 0;
        Assert.InRange(benchmark.WarmUp(Case("slow", 1000, () => calls++))!.Value, 2, 1000);
        Assert.Equal(0, calls);
        // Less work than what took too long may do.
        Assert.Null(benchmark.WarmUp(Case("slow", 0.01, () => calls++)));
    }

    [Fact]
    public void A_gpu_has_every_case_of_the_cpu() =>
        Assert.Equal(KernelCases.All(Device.Cpu, 1).Select(c => c.Name), KernelCases.All(TestGpu.Device, 1).Select(c => c.Name));

    [Fact]
    public void Own_shapes_are_timed_instead()
    {
        (int code, string output, string error) = Bench("kernels", "--conv", "3,5,8,4,2", "--matmul", "3,4,5", "--attention", "16,2,4",
            "--batch", "1", "--threads", "1");
        Assert.True(code == 0, error);
        Assert.Equal(["conv2d", "conv2d + bias + leaky relu", "conv2d input grad", "conv2d weight grad", "attention", "attention backward",
            "attention forward + backward", "matmul"], output.TrimEnd().Split('\n')[2..].Select(l => l[..38].TrimEnd()));
        Assert.Contains(" 3->5 @8 k4s2 ", output, StringComparison.Ordinal);
        Assert.Contains(" N=16 dk=2 dv=4 ", output, StringComparison.Ordinal);
        Assert.Contains(" 3x4x5 ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--conv", "64,128,32,4", "must be Ci,Co,size,kernel,stride, each 1 to 65536.")]
    [InlineData("--conv", "64,0,32,4,2", "must be Ci,Co,size,kernel,stride, each 1 to 65536.")]
    [InlineData("--conv", "64,128,32,2,4", "stride 4 must be at most kernel 2.")]
    [InlineData("--conv", "64,128,3,4,2", "kernel 4 must be at most size 3.")]
    [InlineData("--conv", "64,128,65536,4,2", "numbers; at most 268435456 are timed.")]
    [InlineData("--matmul", "3,4,-5", "must be M,N,K, each 1 to 65536.")]
    [InlineData("--matmul", "60000,60000,1", "numbers; at most 268435456 are timed.")]
    [InlineData("--attention", "16;2;4", "must be N,dk,dv, each 1 to 65536.")]
    public void A_shape_that_is_none_is_refused(string option, string shape, string rule)
    {
        (int code, string output, string error) = Bench("kernels", option, shape);
        Assert.Equal(((int)ExitCode.Usage, ""), (code, output));
        Assert.StartsWith($"error: {option} {shape}: ", error, StringComparison.Ordinal);
        Assert.Contains(rule, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_is_timed_by_its_own_clock()
    {
        using KernelBenchmark benchmark = new(TestGpu.Device);
        KernelCase c = KernelCases.All(TestGpu.Device, 1).Single(c => c.Name == "power iteration [64, 48]");
        Assert.Null(benchmark.WarmUp(c));
        KernelTiming t = benchmark.Run(c, new MachinePeak(1, 1));
        Assert.Equal(c.Flops / t.Milliseconds * 1e-6, t.GflopsPerSecond, 1e-6);
        KernelMachine machine = KernelMachine.Of(TestGpu.Device, 1);
        Assert.Equal((TestGpu.Device.Name, null), (machine.Device, machine.Threads));
    }

    [Fact]
    public void A_roofline_has_a_point_for_each_kernel_beneath_its_roof()
    {
        MachinePeak peak = new(1000, 100);
        KernelTiming[] timings =
        [
            // Right on the two roofs, and a tenth of each.
            new(new(KernelFamily.Convolution, "a", "<&>", 1e6, 1e6, () => { }), Near(0.01), Near(0.01), 100),
            new(new(KernelFamily.Attention, "b", "\"", 1e8, 1e6, () => { }), Near(0.1), Near(0.1), 100),
            new(new(KernelFamily.Product, "c", "[1]", 1e8, 1e6, () => { }), Near(1), Near(1), 10),
            new(new(KernelFamily.Normalisation, "d", "[1]", 0, 1e6, () => { }), Near(0.01), Near(0.01), 100),
            new(new(KernelFamily.Elementwise, "e", "[1]", 0, 1e6, () => { }), Near(0.1), Near(0.1), 10),
        ];
        XElement svg = XElement.Parse(Roofline.Svg("title", peak, timings).ToString());
        XElement[] points = [.. svg.Elements().Where(e => e.Name.LocalName == "circle")];
        Assert.Equal(["a <&>: 100 GFLOP/s, 100 %", "b \": 1000 GFLOP/s, 100 %", "c [1]: 100 GFLOP/s, 10 %", "d [1]: 100 GB/s, 100 %",
            "e [1]: 10 GB/s, 10 %"],
            points.Select(p => p.Value));
        double[] x = [.. points.Select(p => (double)p.Attribute("cx")!)], y = [.. points.Select(p => (double)p.Attribute("cy")!)];
        Assert.Equal(x[1], x[2]);
        // A factor of ten is the same distance everywhere, and the strip at the left edge is at intensity 1.
        double decade = y[0] - y[1];
        Assert.True(decade > 50);
        Assert.Equal([y[0], y[1], y[1] + decade, y[0], y[0] + decade], y, (a, b) => Math.Abs(a - b) < 0.25);
        // Each has its number beside it and in the legend.
        string[] texts = [.. svg.Elements().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];
        foreach (string number in (string[])["2", "3", "4", "5"]) Assert.Equal(2, texts.Count(t => t == number));
        Assert.Contains("a <&>", texts);
        Assert.DoesNotContain(Roofline.Svg("title", peak, []).Elements(), e => e.Name.LocalName == "circle");
    }
}
