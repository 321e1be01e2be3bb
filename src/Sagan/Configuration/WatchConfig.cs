namespace Sagan.Native.Configuration;

/// <summary>The watchdog of a run: it sees NaN and infinity, a discriminator that has won (its loss stays near 0), and a generator that makes one picture only.</summary>
public sealed record WatchConfig
{
    /// <summary>What becomes of a run that has failed.</summary>
    public WatchAction Action { get; init; } = WatchAction.Stop;

    /// <summary>A run has failed when the discriminator's loss stays below ZeroLoss for this many steps; 0 = that is not watched.</summary>
    public int Patience { get; init; } = 2000;

    /// <summary>What counts as 0, as a share of the loss of a discriminator that cannot tell (2 for hinge). Wasserstein losses have no 0 and are not watched.</summary>
    public double ZeroLoss { get; init; } = 0.01;

    /// <summary>A run has failed when its samples differ from each other less than this share of how much real images do; 0 = that is not watched.</summary>
    public double Collapse { get; init; } = 0.02;

    /// <summary>Steps between two looks at samples.</summary>
    public int Every { get; init; } = 500;

    /// <summary>What the learning rates are multiplied by when a run is rolled back.</summary>
    public double LearningRateFactor { get; init; } = 0.5;

    /// <summary>How often a run may be rolled back before it stops.</summary>
    public int RollBacks { get; init; } = 3;
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
