namespace Sagan.Native.Configuration;

/// <summary>What may change when a run is resumed.</summary>
static class ResumeRules
{
    /// <summary>Keys that do not touch what is computed: how long, how fast, what is written.</summary>
    static readonly HashSet<string> Free =
    [
        "training.steps", "training.threads", "training.sampleEvery", "training.saveEvery", "training.keep", "training.best", "training.tensorBoard", "training.logEvery", "training.maxTime",
        "sampling.statistics", "sampling.images", "watch.action", "watch.patience", "watch.zeroLoss", "watch.collapse", "watch.every", "watch.learningRateFactor",
        "watch.rollBacks",
    ];

    /// <summary>The changes. Throws <see cref="UsageException"/> where one of them makes another run of it, unless that is allowed.</summary>
    public static IReadOnlyList<(string Path, string Before, string After)> Check(RunConfig before, RunConfig after, bool allowChange)
    {
        IReadOnlyList<(string Path, string Before, string After)> changes = ResolvedConfig.Differences(before, after);
        (string Path, string Before, string After)[] refused = [.. changes.Where(c => !Free.Contains(c.Path))];
        if (refused.Length == 0 || allowChange) return changes;
        throw new UsageException(string.Join('\n', refused.Select(c =>
            $"{c.Path} = {c.After}: the run was begun with {c.Before}; leave it, or say --allow-change and it is no longer the same run.")));
    }
}
