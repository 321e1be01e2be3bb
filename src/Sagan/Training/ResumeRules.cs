namespace Sagan.Native.Training;

/// <summary>What may change when a run is resumed.</summary>
static class ResumeRules
{
    /// <summary>Keys that do not touch what is computed: how long, how fast, what is written.</summary>
    static readonly HashSet<string> Free =
    [
        "training.steps", "training.threads", "training.sampleEvery", "training.attentionEvery", "training.saveEvery", "training.keep",
            "training.keepSamples", "training.best",
        "training.tensorBoard", "training.logEvery", "training.maxTime", "sampling.statistics", "sampling.images", "watch.action",
            "watch.patience",
        "watch.zeroLoss", "watch.collapse", "watch.every", "watch.learningRateFactor", "watch.rollBacks", "data.path",
    ];

    /// <summary>
    /// Keys that say where the images are and how they are read. The hash of their content tells whether the images are the same.
    /// </summary>
    static readonly HashSet<string> OfContent =
        ["data.source", "data.classes", "data.crop", "data.cropPixels", "data.skipBadImages", "data.creatureCount", "data.creatureSeed"];

    /// <summary>The flags of <c>train</c> that <c>resume</c> has, too: what may change, where the images are, and the device.</summary>
    public static bool HasFlag(string path) =>
        Free.Contains(path) || path is "data.source" or "training.device" or "training.matMulPrecision" or "training.convolution";

    /// <summary>
    /// The changes. Throws <see cref="UsageException"/> where one of them makes another run of it, unless that is allowed.
    /// </summary>
    /// <param name="before">The run's configuration.</param>
    /// <param name="after">The one to go on with.</param>
    /// <param name="allowChange">Allows all.</param>
    /// <param name="contentIsCompared">The images themselves are compared with the run's.</param>
    public static IReadOnlyList<(string Path, string Before, string After)> Check(
        RunConfig before, RunConfig after, bool allowChange, bool contentIsCompared = false)
    {
        IReadOnlyList<(string Path, string Before, string After)> changes = ResolvedConfig.Differences(before, after);
        (string Path, string Before, string After)[] refused =
            [.. changes.Where(c => !Free.Contains(c.Path) && !(contentIsCompared && OfContent.Contains(c.Path)))];
        if (refused.Length == 0 || allowChange) return changes;
        throw new UsageException(string.Join('\n', refused.Select(c =>
            $"{c.Path} = {c.After}: the run was begun with {c.Before}; "
            + "leave it, or say --allow-change and it is no longer the same run.")));
    }
}
