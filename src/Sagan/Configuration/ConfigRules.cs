using System.Globalization;

namespace Sagan.Native.Configuration;

/// <summary>
/// What the values of a configuration must satisfy, beyond their types. Each record states the rules of its own values; all problems are
/// reported at once, one line each, with the value, its origin, the rule and the way out.
/// </summary>
sealed class ConfigRules
{
    readonly IReadOnlyDictionary<string, string>? origins;
    readonly string section;
    readonly List<string> problems, warnings;

    /// <param name="origins">Where each value came from, by path; null for a configuration that a program made.</param>
    public ConfigRules(IReadOnlyDictionary<string, string>? origins) : this(origins, "", [], []) { }

    ConfigRules(IReadOnlyDictionary<string, string>? origins, string section, List<string> problems, List<string> warnings) =>
        (this.origins, this.section, this.problems, this.warnings) = (origins, section, problems, warnings);

    /// <summary>The same for the keys of a section, such as <c>model</c>.</summary>
    public ConfigRules In(string name) => new(origins, $"{section}{name}.", problems, warnings);

    /// <summary>What the user should know, though nothing is wrong.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    /// <summary>Throws <see cref="ConfigException"/> where a rule does not hold.</summary>
    public void Check()
    {
        if (problems.Count > 0) throw new ConfigException(string.Join('\n', problems));
    }

    /// <summary>Adds a warning.</summary>
    public void Warn(string text) => warnings.Add(text);

    /// <summary>A whole number between two limits; with <see cref="int.MaxValue"/> from the lower one on.</summary>
    public bool Range(string key, int value, int least, int most, string? note = null) =>
        Require(key, value, value >= least && value <= most,
        (most == int.MaxValue ? $"must be at least {least}" : $"must be {least} to {most}") + (note == null ? "" : $" ({note})"));

    /// <summary>Notes the problem where the rule does not hold; returns whether it does.</summary>
    public bool Require(string key, IFormattable value, bool holds, string rule) =>
        Require(key, value.ToString(null, CultureInfo.InvariantCulture), holds, rule);

    /// <inheritdoc cref="Require(string, IFormattable, bool, string)"/>
    public bool Require(string key, string value, bool holds, string rule)
    {
        string path = section + key;
        string origin = origins == null ? "" : $" (from {origins[path]})";
        if (!holds) problems.Add($"{path} = {value}{origin}: {rule}.");
        return holds;
    }
}
