namespace Sagan.Native.Configuration;

/// <summary>
/// Where the values of a configuration come from. The later of these wins: defaults, preset, file, environment, --set, flags.
/// </summary>
sealed record ConfigSources
{
    /// <summary>The preset; null = what the other sources say, or the default one.</summary>
    public string? Preset { get; init; }

    /// <summary>True: the file has all values, and the preset it names is where they once came from.</summary>
    public bool FileIsComplete { get; init; }

    /// <summary>What is the lowest layer, in place of defaults and preset.</summary>
    public ConfigLayers? Base { get; init; }

    /// <summary>A JSON file.</summary>
    public string? File { get; init; }

    /// <summary>What the file says, where it was read already: it is then a name alone.</summary>
    public string? Content { get; init; }

    /// <summary>Environment variables; those that begin with <c>SAGAN_</c> and name a key count: <c>SAGAN_TRAINING_BATCH</c>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Texts <c>path=value</c>.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];

    /// <summary>Values of flags such as <c>--batch</c>.</summary>
    public IReadOnlyList<FlagValue> Flags { get; init; } = [];

    /// <summary>Values that a file being imported has shown. They lie over the preset and under everything that the user says.</summary>
    public IReadOnlyList<FlagValue> Found { get; init; } = [];

    /// <summary>This process's environment.</summary>
    public static IReadOnlyDictionary<string, string> ProcessEnvironment()
    {
        Dictionary<string, string> variables = [];
        foreach (System.Collections.DictionaryEntry e in System.Environment.GetEnvironmentVariables())
            variables[(string)e.Key] = (string?)e.Value ?? "";
        return variables;
    }
}

/// <summary>A flag that was given, with the key it stands for.</summary>
readonly record struct FlagValue(string Flag, string Path, string Text);
