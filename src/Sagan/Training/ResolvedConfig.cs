using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;

namespace Sagan.Native.Training;

/// <summary>A valid configuration, the origin of every value (by path), and what the user should be warned of.</summary>
sealed record ResolvedConfig(RunConfig Config, IReadOnlyDictionary<string, string> Origins, IReadOnlyList<string> Warnings)
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The same with some values changed, <c>path=value</c>, and checked again.</summary>
    public ResolvedConfig With(params IReadOnlyList<string> set) =>
        Resolve(new ConfigSources { Base = new ConfigLayers(Config.ToJsonObject(), Origins, []), Set = set });

    /// <summary>The configuration that the sources add up to, validated. Throws <see cref="ConfigException"/>.</summary>
    public static ResolvedConfig Resolve(ConfigSources sources)
    {
        ConfigLayers layers = ConfigResolver.Resolve(RunConfig.Keys, new RunConfig().ToJsonObject(), sources);
        RunConfig config = layers.Root.Deserialize(RunConfigJson.Default.RunConfig)!;
        return new ResolvedConfig(config, layers.Origins, [.. layers.Warnings, .. config.Validate(layers.Origins)]);
    }

    /// <summary>
    /// A configuration that a program made, validated: what differs from its preset is the program's. Throws <see cref="ConfigException"/>.
    /// </summary>
    public static ResolvedConfig Of(RunConfig config)
    {
        IReadOnlyList<string> warnings = config.Validate(null);
        ResolvedConfig preset = Resolve(new ConfigSources { Preset = config.Preset });
        Dictionary<string, string> origins = new(preset.Origins) { ["preset"] = "the program" };
        foreach ((string path, _, _) in Differences(preset.Config, config)) origins[path] = "the program";
        return new ResolvedConfig(config, origins, warnings);
    }

    /// <summary>config.json: the values, ready to be read again.</summary>
    public string ToJson() => JsonSerializer.Serialize(Config, RunConfigJson.Default.RunConfig) + "\n";

    /// <summary>The same as JSON.</summary>
    public JsonNode ToJsonNode() => Config.ToJsonObject();

    /// <summary>config.resolved.json: for every path its value and origin.</summary>
    public string ToJsonWithOrigins() => ToJsonObject().ToJsonString(Indented) + "\n";

    /// <summary>For every path its value and origin.</summary>
    public JsonObject ToJsonObject()
    {
        JsonObject all = [];
        foreach ((string path, JsonNode? value) in Values(Config))
            all[path] = new JsonObject { ["value"] = value?.DeepClone(), ["origin"] = Origins[path] };
        return all;
    }

    /// <summary>A table for people: path, value, origin.</summary>
    public string ToTable()
    {
        List<(string Path, string Value, string Origin)> rows = [.. Values(Config).Select(v => (v.Path, Text(v.Value), Origins[v.Path]))];
        int path = rows.Max(r => r.Path.Length), value = Math.Min(40, rows.Max(r => r.Value.Length));
        StringBuilder s = new();
        foreach ((string p, string v, string o) in rows)
            s.Append(p.PadRight(path)).Append("  ").Append(v.PadRight(value)).Append("  ").Append(o).Append('\n');
        return s.ToString();
    }

    /// <summary>The paths whose values differ, with both values: what a resumed run would change.</summary>
    public static IReadOnlyList<(string Path, string Before, string After)> Differences(RunConfig before, RunConfig after) =>
    [
        .. Values(before).Zip(Values(after))
            .Where(p => !JsonNode.DeepEquals(p.First.Value, p.Second.Value))
            .Select(p => (p.First.Path, Text(p.First.Value), Text(p.Second.Value))),
    ];

    /// <summary>All values, as they would be typed.</summary>
    public static IEnumerable<(string Path, string Text)> Texts(RunConfig config) => Values(config).Select(v => (v.Path, Text(v.Value)));

    static IEnumerable<(string Path, JsonNode? Value)> Values(RunConfig config)
    {
        JsonNode root = config.ToJsonObject();
        foreach (string path in RunConfig.Keys.Paths)
        {
            JsonNode? at = root;
            foreach (string part in path.Split('.')) at = at![part];
            yield return (path, at);
        }
    }

    /// <summary>A value, as it would be typed.</summary>
    internal static string Text(JsonNode? value) => value switch
    {
        null => "none",
        JsonArray list => list.Count == 0 ? "none" : string.Join(",", list),
        _ => value.ToString(),
    };
}
