using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests;

/// <summary>Folders of runs that were never trained: their curves and samples are made up.</summary>
static class SyntheticRun
{
    static readonly Random noise = new(1);

    /// <summary>Noise around 0.</summary>
    public static double Noise(double height) => (noise.NextDouble() - 0.5) * height;

    /// <summary>
    /// A run with these curves, logged every tenth step: losses of a healthy one where they are not named, and what else is named.
    /// </summary>
    public static string Write(TemporaryFolder folder, string name, int steps, Dictionary<string, Func<int, double>>? curves = null,
        params string[] set)
    {
        Dictionary<string, Func<int, double>> all = new()
        {
            ["d_loss"] = s => 1.6 - 1.2 * s / steps + Noise(0.4),
            ["g_loss"] = s => 0.5 + 1.0 * s / steps + Noise(0.6),
            ["d_real"] = s => 0.5 + Noise(0.2),
            ["d_fake"] = s => -0.8 + Noise(0.2),
            ["images_per_s"] = s => 300 + Noise(40),
            ["wait_ms"] = s => 0,
            ["gamma.g.attn1"] = s => 1e-4 * s,
            ["gamma.d.attn1"] = s => -1e-4 * s,
            ["sigma.g.l1.0"] = s => 1 + 1e-4 * s,
        };
        foreach ((string curve, Func<int, double> value) in curves ?? []) all[curve] = value;
        StringBuilder lines = new();
        for (int step = 10; step <= steps; step += 10)
        {
            JsonObject line = new() { ["step"] = step, ["time"] = "2026-11-30T12:00:00.000Z" };
            foreach ((string curve, Func<int, double> value) in all)
                line[curve] = value(step) is var v && double.IsFinite(v) ? JsonValue.Create(v) : JsonValue.Create(v.ToString(
                    CultureInfo.InvariantCulture));
            lines.Append(line.ToJsonString()).Append('\n');
        }
        string path = folder.File(name);
        folder.Write($"{name}/metrics.jsonl", lines.ToString());
        Configure(folder, name, ["--steps", $"{steps}", .. set]);
        folder.Write($"{name}/run.json", $$"""
            {"sessions":[{"start":"2026-11-30T12:00:00Z","program":"sagan","processor":"A","device":"cpu","command":"train",
              "fromStep":"0","end":"2026-11-30T12:10:00Z","step":{{steps}},"exit":"finished"}]}
            """);
        folder.Write($"{name}/log.txt", "2026-11-30T12:00:00Z training\n2026-11-30T12:01:00Z warning: something\n");
        Directory.CreateDirectory(Path.Combine(path, "samples"));
        return path;
    }

    /// <summary>A grid of images, each of another shade by so many levels.</summary>
    public static void Samples(string run, string name, int difference, int size = 32)
    {
        Image[] images = [.. Enumerable.Range(0, 8).Select(i => new Image(size, size, 3,
            [.. Enumerable.Range(0, size * size * 3).Select(p => (byte)(60 + p % 7 + i * difference))]))];
        ImageFile.Save(Path.Combine(run, "samples", $"{name}.png"), ImageGrid.Of(images));
    }

    static void Configure(TemporaryFolder folder, string name, string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(["train", "--print-config", "--json", .. arguments], output, error);
        Assert.True(code == 0, error.ToString());
        JsonObject values = JsonNode.Parse(output.ToString())!["config"]!.AsObject(), config = [];
        foreach ((string key, JsonNode? value) in values)
        {
            string[] parts = key.Split('.');
            JsonObject at = config;
            foreach (string part in parts[..^1]) at = (at[part] ??= new JsonObject()).AsObject();
            at[parts[^1]] = value!["value"]?.DeepClone();
        }
        folder.Write($"{name}/config.json", config.ToJsonString());
        folder.Write($"{name}/config.resolved.json", values.ToJsonString());
    }
}
