using System.Diagnostics;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands;
using Sagan.Native.Configuration;
using Sagan.Native.Models;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

public class BenchTests
{
    static readonly string[] Small = ["--size", "16", "--conv-dim", "8", "--g-attention", "8", "--d-attention", "4", "--batch", "4",
        "--json"];

    static JsonNode Run(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(["bench", .. arguments], output, error);
        Assert.True(code == 0, error.ToString());
        return JsonNode.Parse(output.ToString())!;
    }

    static double Number(JsonNode json, string key) =>
        json[key]?.GetValue<double>() ?? throw new InvalidDataException($"no {key} in {json}");

    [Fact]
    public void Step_says_how_long_how_much_and_from_when_on()
    {
        JsonNode t = Run(["step", "--steps", "3", "--warm-up", "2", .. Small]);
        double[] steps = [.. t["all_steps_s"]!.AsArray().Select(s => s!.GetValue<double>())];
        Assert.Equal(5, steps.Length);
        Assert.Equal(steps[2..].Order().ElementAt(1), Number(t, "step_s"));
        Assert.Equal(steps[2..].Min(), Number(t, "step_min_s"));
        // The first step ends after the process has started; the first at full speed is one of them.
        using Process self = Process.GetCurrentProcess();
        double now = (DateTime.Now - self.StartTime).TotalSeconds;
        Assert.InRange(Number(t, "first_step_s"), steps[0], now);
        Assert.InRange(Number(t, "full_speed_s"), Number(t, "first_step_s"), now);
        Assert.InRange(Number(t, "allocated_bytes"), 1, 1e7);
        Assert.InRange(Number(t, "peak_tensor_mb"), 1e-3, Number(t, "peak_rss_mb"));
        Assert.Equal(4 / Number(t, "step_s"), Number(t, "images_per_s"), 1e-6);
        Assert.Equal(100 * Number(t, "gflop") / Number(t, "step_s") / Number(t, "peak_gflops"), Number(t, "percent_of_peak"), 1e-6);
        Assert.Contains(Number(t, "vector_bits"), new double[] { 0, 128, 256, 512 });
    }

    [Fact]
    public void Flops_of_a_step_with_gradient_penalty_are_not_told() =>
        Assert.Null(Run(["step", "--steps", "1", "--warm-up", "0", "--loss", "wgan-gp", "--set", "loss.penaltyWithSpectralNorm=true",
            .. Small])["gflop"]);

    [Fact]
    public void Generator_times_batches()
    {
        JsonNode t = Run("generator", "--batches", "2", "--warm-up", "1", "--size", "16", "--conv-dim", "8", "--g-attention", "8",
            "--batch", "4", "--set", "model.dAttention=none", "--json");
        Assert.Equal(4 / Number(t, "step_s"), Number(t, "images_per_s"), 1e-6);
        Assert.InRange(Number(t, "step_min_s"), 0, Number(t, "step_s"));
    }

    [Fact]
    public void Memory_of_attention_is_linear_in_its_positions()
    {
        JsonNode t = Run("attention", "1024", "256", "--channels", "16", "--json");
        JsonArray rows = t["attention"]!.AsArray();
        Assert.Equal([256.0, 1024.0], rows.Select(r => Number(r!, "positions")));
        Assert.Equal(4, Number(rows[1]!, "tensor_mb") / Number(rows[0]!, "tensor_mb"), 0.1);
    }

    [Theory]
    [InlineData("positions 0: must be 1 to 262144.", "attention", "0")]
    [InlineData("--channels 4: must be at least 8, since queries and keys have an eighth of them.", "attention", "--channels", "4")]
    [InlineData("--batches 0: must be at least 1.", "generator", "--batches", "0")]
    public void Nonsense_is_refused(string message, params string[] arguments)
    {
        StringWriter error = new();
        Assert.Equal(2, SaganCommandLine.Run(["bench", .. arguments], TextWriter.Null, error));
        Assert.Contains(message, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Flops_of_sagan64_are_those_counted_by_hand()
    {
        ModelConfig m = ResolvedConfig.Resolve(new ConfigSources { Preset = "sagan64" }).Config.Model;
        // Convolutions: 2 x 16 x Ci x Co x R^2.  Attention: 2 x N x C x 5/4 C + 2 x N^2 x 9/8 C, at N = 256, C = 128 and N = 1024, C = 64;
        // N = 16, C = 512 and N = 64, C = 256.
        double g = 32.0 * (128 * 512 + 512 * 256 * 16 + 256 * 128 * 64 + 128 * 64 * 256 + 64 * 3 * 1024)
            + 2.0 * (256 * 128 * 160 + 256 * 256 * 144 + 1024 * 64 * 80 + 1024 * 1024 * 72);
        double d = 32.0 * (3 * 64 * 1024 + 64 * 128 * 256 + 128 * 256 * 64 + 256 * 512 * 16 + 512)
            + 2.0 * (16 * 512 * 640 + 16 * 16 * 576 + 64 * 256 * 320 + 64 * 64 * 288);
        Assert.Equal(g, ModelFlops.GeneratorForward(m));
        // Forward once or twice, backward twice a forward pass, less what nothing asks for.
        double core = 2.0 * (16 * 16 * 576 + 64 * 64 * 288), firstD = 32.0 * 3 * 64 * 1024, firstG = 32.0 * 128 * 512;
        Assert.Equal(4 * g + 8 * d + core - 2 * firstD - firstG, ModelFlops.HingeStep(m), 1.0);
    }
}
