using System.Reflection;

namespace Sagan.Native.Configuration;

/// <summary>The configurations that come with the program: the JSON files in Configuration/Presets.</summary>
static class Presets
{
    const string Prefix = "Sagan.Native.Presets.";

    /// <summary>Their names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..^".json".Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The text of a preset. Throws <see cref="ConfigException"/> with the nearest name for an unknown one.</summary>
    public static string Read(string name, string origin)
    {
        if (!Names.Contains(name))
            throw new ConfigException($"unknown preset '{name}' (from {origin}); presets: "
                + $"{string.Join(", ", Names)}.{NearestName.Suggestion(name, Names)}");
        using Stream s = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{Prefix}{name}.json")!;
        return new StreamReader(s).ReadToEnd();
    }
}
