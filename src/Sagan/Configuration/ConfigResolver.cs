using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.IO;

namespace Sagan.Native.Configuration;

/// <summary>Lays the sources of a configuration over each other, value by value, and remembers where each value came from.</summary>
sealed class ConfigResolver
{
    const string PresetKey = "preset";
    const int MostFileBytes = 1 << 20;

    /// <summary>Variables with this prefix that are not configuration.</summary>
    static readonly string[] OtherVariables = ["SAGAN_DEBUG", "SAGAN_CACHE", "SAGAN_TEST_DATA", "SAGAN_ANY_OPENCL"];

    readonly ConfigKeys keys;
    readonly OrderedDictionary<string, (JsonNode? Value, string Origin)> values = [];
    readonly List<string> warnings = [];

    ConfigResolver(ConfigKeys keys) => this.keys = keys;

    /// <summary>
    /// What the sources add up to: every value of the right type, and not looked at further. Throws <see cref="ConfigException"/>.
    /// </summary>
    /// <param name="keys">All there are.</param>
    /// <param name="defaults">A value for each of them.</param>
    /// <param name="sources">What lies over these.</param>
    public static ConfigLayers Resolve(ConfigKeys keys, JsonObject defaults, ConfigSources sources)
    {
        ConfigResolver r = new(keys);
        List<(ConfigKey Key, JsonNode? Value, string Origin)> file = sources.Content is { } content
            ? r.Parse(content, sources.File ?? "configuration")
            : sources.File == null ? [] : r.ReadFile(sources.File);
        List<(ConfigKey Key, JsonNode? Value, string Origin)> given =
            [.. file, .. r.FromEnvironment(sources.Environment), .. sources.Set.Select(r.FromSet), .. sources.Flags.Select(r.FromFlag)];
        if (sources.Preset != null) given.Add((keys[PresetKey], JsonValue.Create(sources.Preset), "--preset"));

        r.Apply(r.Leaves(defaults, "default"));
        // Any source may name the preset, and the preset lies below all of them.
        (ConfigKey, JsonNode? Value, string Origin) named = given.LastOrDefault(g => g.Key.Path == PresetKey);
        string preset = (named.Value ?? defaults[PresetKey])!.GetValue<string>();
        if (sources.Base is { } lowest) r.Apply(r.Leaves(lowest.Root, "default").Select(l => (l.Key, l.Value, lowest.Origins[l.Key.Path])));
        else if (!sources.FileIsComplete) r.Apply(r.Parse(Presets.Read(preset, named.Origin ?? "default"), $"preset {preset}"));
        r.Apply(sources.Found.Select(r.FromFlag));
        r.Apply(given);
        return new ConfigLayers(r.Build(), r.values.ToDictionary(v => v.Key, v => v.Value.Origin), r.warnings);
    }

    (ConfigKey Key, JsonNode? Value, string Origin) FromFlag(FlagValue f) => (keys[f.Path], keys[f.Path].FromText(f.Text, f.Flag), f.Flag);

    void Apply(IEnumerable<(ConfigKey Key, JsonNode? Value, string Origin)> layer)
    {
        foreach ((ConfigKey key, JsonNode? value, string origin) in layer) values[key.Path] = (value, origin);
    }

    JsonObject Build()
    {
        JsonObject root = [];
        foreach ((string path, (JsonNode? value, _)) in values)
        {
            JsonObject at = root;
            string[] parts = path.Split('.');
            foreach (string part in parts[..^1])
            {
                if (at[part] is not JsonObject next) at[part] = next = [];
                at = next;
            }
            at[parts[^1]] = value?.DeepClone();
        }
        return root;
    }

    List<(ConfigKey, JsonNode?, string)> ReadFile(string path)
    {
        try
        {
            using FileStream s = RegularFile.OpenRead(path);
            if (s.Length > MostFileBytes) throw new ConfigException($"{path}: {s.Length} bytes is too long for a configuration; is it the "
                + "right file?");
            return Parse(new StreamReader(s, Encoding.UTF8).ReadToEnd(), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ConfigException(
                $"{path}: no such configuration file, nor images; a preset is chosen by --preset ({string.Join(", ", Presets.Names)}).", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ConfigException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    List<(ConfigKey, JsonNode?, string)> Parse(string text, string origin)
    {
        try
        {
            JsonNode? root = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions
            {
                AllowTrailingCommas = true,
                CommentHandling = JsonCommentHandling.Skip,
                AllowDuplicateProperties = false,
            });
            return root is JsonObject o
                ? [.. Leaves(o, origin)]
                : throw new ConfigException($"{origin}: the configuration must be a JSON object: {{ ... }}.");
        }
        // InvalidOperationException: a name in it is no valid Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ConfigException($"{origin}: not valid JSON: {e.Message}", e);
        }
    }

    IEnumerable<(ConfigKey Key, JsonNode? Value, string Origin)> Leaves(JsonObject section, string origin, string prefix = "")
    {
        foreach ((string name, JsonNode? value) in section)
        {
            string path = prefix + name;
            if (!keys.IsSection(path))
            {
                ConfigKey key = keys.Find(path, origin);
                yield return (key, key.Checked(value, origin), origin);
            }
            else if (value is JsonObject inner)
            {
                foreach ((ConfigKey, JsonNode?, string) leaf in Leaves(inner, origin, path + ".")) yield return leaf;
            }
            else throw new ConfigException($"{path} (from {origin}): is a section and must be a JSON object: {{ ... }}.");
        }
    }

    (ConfigKey, JsonNode?, string) FromSet(string assignment)
    {
        int equals = assignment.IndexOf('=');
        // A switch alone is on.
        if (equals < 0 && keys.Get(assignment.Trim()) is { IsSwitch: true } alone)
            return (alone, JsonValue.Create(true), "--set");
        if (equals < 1) throw new ConfigException($"--set {assignment}: must be key=value, such as training.batch=32.");
        string path = assignment[..equals].Trim();
        ConfigKey key = keys.Find(path, "--set");
        return (key, key.FromText(assignment[(equals + 1)..].Trim(), "--set"), "--set");
    }

    /// <summary>SAGAN_TRAINING_BATCH and SAGAN_OPTIMIZER_G_LEARNING_RATE: underscores and case do not count.</summary>
    List<(ConfigKey, JsonNode?, string)> FromEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        const string prefix = "SAGAN_";
        Dictionary<string, ConfigKey> byName = keys.Values.ToDictionary(k => Plain(k.Path));
        List<(ConfigKey, JsonNode?, string)> found = [];
        foreach ((string name, string text) in environment.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal) || OtherVariables.Contains(name)) continue;
            if (byName.TryGetValue(Plain(name[prefix.Length..]), out ConfigKey? key)) found.Add((key, key.FromText(text, name), name));
            else warnings.Add(
                $"environment variable {name} names no configuration key and is "
                    + $"ignored.{NearestName.Suggestion(name, byName.Values.Select(Variable))}");
        }
        return found;

        static string Plain(string s) =>
            s.Replace("_", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal).ToUpperInvariant();
        static string Variable(ConfigKey k) =>
            prefix + string.Join('_', k.Path.Split('.').Select(JsonNamingPolicy.SnakeCaseUpper.ConvertName));
    }
}
