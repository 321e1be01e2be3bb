using Sagan.Native.Configuration;

namespace Sagan.Native.Training;

/// <summary>
/// The watchdog of a run: it sees NaN and infinity, a discriminator that has won (its loss stays near 0), and a generator that makes one
/// picture only.
/// </summary>
public sealed record WatchConfig
{
    /// <summary>What becomes of a run that has failed.</summary>
    public WatchAction Action { get; init; } = WatchAction.Stop;

    /// <summary>A run has failed when the discriminator's loss stays below ZeroLoss for this many steps; 0 = that is not watched.</summary>
    public int Patience { get; init; } = 2000;

    /// <summary>
    /// What counts as 0, as a share of the loss of a discriminator that cannot tell (2 for hinge). Wasserstein losses have no 0 and are not
    /// watched.
    /// </summary>
    public double ZeroLoss { get; init; } = 0.01;

    /// <summary>
    /// A run has failed when its samples differ from each other less than this share of how much real images do; 0 = that is not watched.
    /// </summary>
    public double Collapse { get; init; } = 0.02;

    /// <summary>Steps between two looks at samples.</summary>
    public int Every { get; init; } = 500;

    /// <summary>What the learning rates are multiplied by when a run is rolled back.</summary>
    public double LearningRateFactor { get; init; } = 0.5;

    /// <summary>How often a run may be rolled back before it stops.</summary>
    public int RollBacks { get; init; } = 3;

    internal void Validate(ConfigRules rules)
    {
        rules.Range("patience", Patience, 0, int.MaxValue, "0 = not watched");
        rules.Require("zeroLoss", ZeroLoss, ZeroLoss is > 0 and < 1, "must be above 0 and below 1; 0.01 is usual");
        rules.Require("collapse", Collapse, Collapse is >= 0 and < 1, "must be at least 0 and below 1; 0.02 is usual, 0 = not watched");
        rules.Range("every", Every, 1, int.MaxValue);
        rules.Require("learningRateFactor", LearningRateFactor, LearningRateFactor is > 0 and <= 1,
            "must be above 0 and at most 1; 0.5 is usual");
        rules.Range("rollBacks", RollBacks, 0, 1000);
    }
}

/// <summary>What becomes of a run that has failed.</summary>
public enum WatchAction
{
    /// <summary>It stops with exit code 7; its checkpoints stay.</summary>
    Stop,

    /// <summary>It goes back to its best checkpoint, or to the newest from before the failure, and on with lower learning rates.</summary>
    RollBack,

    /// <summary>It is warned of, and goes on; NaN and infinity stop it all the same.</summary>
    Warn,
}
