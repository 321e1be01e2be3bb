using Sagan.Native.Configuration;
using Sagan.Native.Data;

namespace Sagan.Native.Sampling;

/// <summary>The sample grids made while training.</summary>
public sealed record SamplingConfig
{
    /// <summary>Which statistics batch normalisation uses.</summary>
    public NormStatistics Statistics { get; init; } = NormStatistics.Running;

    /// <summary>Images in a grid.</summary>
    public int Images { get; init; } = 64;

    internal void Validate(ConfigRules rules) => rules.Range("images", Images, 1, 4096);
}

/// <summary>Statistics of batch normalisation when sampling.</summary>
public enum NormStatistics
{
    /// <summary>Those gathered in training: an image does not depend on the others of its batch.</summary>
    Running,

    /// <summary>Those of the batch being made, as heykeetae's code does.</summary>
    Batch,

    /// <summary>Means over a number of batches made just before: "standing statistics" (Brock et al. 2019).</summary>
    Standing,
}
