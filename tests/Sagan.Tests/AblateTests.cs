using System.Text.Json.Nodes;

namespace Sagan.Native.Tests;

public sealed class AblateTests
{
    static readonly string[] Tiny = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--batch", "8", "--steps", "2", "--set",
        "data.creatureCount=30",
        "--set", "sampling.images=8", "--images", "8", "--seeds", "1,2"];

    [Fact]
    public void Variants_are_trained_with_each_seed_measured_and_not_trained_again()
    {
        using TemporaryFolder folder = new();
        string all = folder.File("ablation");
        string[] command = ["ablate", "--positions", "none;4;4,8", "--out", all, "--json", "-q", .. Tiny];
        JsonArray runs = Runs(command);
        Assert.Equal(["none 1", "none 2", "4 1", "4 2", "4+8 1", "4+8 2"], runs.Select(r => $"{r!["attention"]} {r["seed"]}"));
        Assert.Equal(10, runs[0]!.AsObject().Count);
        Assert.Contains("| 4+8 |", File.ReadAllText(Path.Combine(all, "ablation.md")), StringComparison.Ordinal);
        Assert.Contains("\"gAttention\": []", File.ReadAllText(Path.Combine(all, "attention-none-seed-2", "config.json")),
            StringComparison.Ordinal);
        // The second time everything is there: the same numbers, and no time per step.
        JsonArray again = Runs(command);
        Assert.All(again, r => Assert.Null(r!["seconds_per_step"]));
        Assert.Equal(runs.Select(r => (double)r!["consistency"]!), again.Select(r => (double)r!["consistency"]!));
        // Another batch is another experiment.
        (int code, _, string error) = Sagan([.. command, "--set", "optimizer.beta2=0.5"]);
        Assert.Equal(2, code);
        Assert.Contains("optimizer.beta2", error, StringComparison.Ordinal);
    }

    // How many classes a conditional model has is known when the images are.
    [Fact]
    public void Runs_of_a_conditional_model_are_gone_on_with()
    {
        using TemporaryFolder folder = new();
        string[] command = ["ablate", "--positions", "none", "--out", folder.File("ablation"), "--json", "-q", "--conditional", .. Tiny];
        JsonArray runs = Runs(command);
        JsonArray again = Runs(command);
        Assert.All(again, r => Assert.Null(r!["seconds_per_step"]));
        Assert.Equal(runs.Select(r => (double)r!["consistency"]!), again.Select(r => (double)r!["consistency"]!));
        command[Array.IndexOf(command, "--steps") + 1] = "3";
        Assert.All(Runs(command), r => Assert.NotNull(r!["seconds_per_step"]));
    }

    [Fact]
    public void Own_images_are_measured_by_proxy_FID()
    {
        using TemporaryFolder folder = new();
        string data = folder.File("set.safetensors"), all = folder.File("ablation");
        string? cache = Environment.GetEnvironmentVariable("SAGAN_CACHE");
        Environment.SetEnvironmentVariable("SAGAN_CACHE", folder.File("cache"));
        Assert.Equal(0, Sagan(["data", "pack", "creatures", "--size", "16", "--set", "data.creatureCount=40", "--out", data]).Code);
        JsonArray runs = Runs(["ablate", "--data", data, "--positions", "none;4", "--out", all, "--json", "-q", .. Tiny]);
        Environment.SetEnvironmentVariable("SAGAN_CACHE", cache);
        Assert.Equal(4, runs.Count);
        Assert.All(runs, r => Assert.InRange((double)r!["proxy_fid"]!, 1e-3, 1e6));
        string report = File.ReadAllText(Path.Combine(all, "ablation.md"));
        Assert.Contains("| attention | proxy-FID (class-cnn-1 ", report, StringComparison.Ordinal);
        Assert.Contains("low is good", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Positions_that_no_network_has_are_refused()
    {
        (int code, _, string error) = Sagan(["ablate", "--positions", "12", "--out", "x", .. Tiny]);
        Assert.Equal((2, true), (code,
            error.Contains("--positions 12: neither network has a feature map of this size.", StringComparison.Ordinal)));
    }

    static JsonArray Runs(string[] arguments)
    {
        (int code, string output, string error) = Sagan(arguments);
        Assert.True(code == 0, error);
        return JsonNode.Parse(output)!["runs"]!.AsArray();
    }

    static (int Code, string Output, string Error) Sagan(string[] arguments)
    {
        using StringWriter output = new(), error = new();
        return (Commands.SaganCommandLine.Run(arguments, output, error), output.ToString(), error.ToString());
    }
}
