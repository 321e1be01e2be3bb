using Sagan.Native.Configuration;

namespace Sagan.Native.Training;

/// <summary>What is to be different when a run goes on.</summary>
public sealed record ResumeOptions
{
    /// <summary>Go back to the checkpoint of this step; newer ones go once this branch has saved one. Null: the newest sound one.</summary>
    public long? FromStep { get; init; }

    /// <summary>Go on although what is computed changes: other images, another optimiser, other losses.</summary>
    public bool AllowChange { get; init; }

    /// <summary>Values to change, each <c>path=value</c>, such as <c>training.steps=9000</c>.</summary>
    public IReadOnlyList<string> Set { get; init; } = [];

    /// <summary>The same, each with where it came from.</summary>
    internal IReadOnlyList<FlagValue> Flags { get; init; } = [];
}
