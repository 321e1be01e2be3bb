using System.Text.Json.Serialization.Metadata;

namespace Sagan.Native.Configuration;

/// <summary>All keys of a configuration, in the order of its records.</summary>
sealed class ConfigKeys
{
    readonly OrderedDictionary<string, ConfigKey> all = [];

    /// <param name="root">The JSON form of the configuration: its objects are the sections, everything else is a value.</param>
    public ConfigKeys(JsonTypeInfo root)
    {
        Add(root, "");

        void Add(JsonTypeInfo owner, string prefix)
        {
            foreach (JsonPropertyInfo p in owner.Properties)
            {
                JsonTypeInfo t = root.Options.GetTypeInfo(p.PropertyType);
                if (t.Kind == JsonTypeInfoKind.Object) Add(t, $"{prefix}{p.Name}.");
                else all.Add(prefix + p.Name, new ConfigKey(prefix + p.Name, t));
            }
        }
    }

    /// <summary>The paths, such as <c>training.batch</c>.</summary>
    public IReadOnlyList<string> Paths => all.Keys;

    public IEnumerable<ConfigKey> Values => all.Values;

    /// <summary>The key of a path that is known to be one.</summary>
    public ConfigKey this[string path] => all[path];

    /// <summary>The key of this path, or null.</summary>
    public ConfigKey? Get(string path) => all.GetValueOrDefault(path);

    /// <summary>Whether this path is the beginning of those of several keys.</summary>
    public bool IsSection(string path) => !all.ContainsKey(path) && all.Keys.Any(k => k.StartsWith(path + ".", StringComparison.Ordinal));

    /// <summary>The key of this path, or an error with the nearest one.</summary>
    public ConfigKey Find(string path, string origin) => Get(path)
        ?? throw new ConfigException($"unknown configuration key '{Shortened(path)}' (from "
            + $"{origin}).{NearestName.Suggestion(path, all.Keys)}"
            + (IsSection(path) ? " It is a section: give one of its keys." : ""));

    static string Shortened(string s) => string.Concat((s.Length > 80 ? s[..77] + "..." : s).Select(c => char.IsControl(c) ? '?' : c));
}
