namespace Sagan.Native.Training.Diagnosis;

/// <summary>What the curves of a run say, the gravest first.</summary>
public enum FindingKind
{
    /// <summary>A loss, a score or another number is NaN or infinite.</summary>
    NotFinite,

    /// <summary>Losses or scores have left the range that they began in, by a factor.</summary>
    Diverging,

    /// <summary>The discriminator's loss stays near 0: the generator gets no gradient any more.</summary>
    DiscriminatorWon,

    /// <summary>The samples are one picture.</summary>
    Collapsed,

    /// <summary>The discriminator's loss swings up and down.</summary>
    Swinging,

    /// <summary>The measure was better before.</summary>
    PastBest,

    /// <summary>Attention has not been switched on.</summary>
    GammaZero,

    /// <summary>Steps wait for their images.</summary>
    Waiting,

    /// <summary>Nothing is wrong: the measure still gets better as the run ends.</summary>
    StillImproving,
}

/// <summary>What a finding rests on.</summary>
/// <param name="Curve">The curve, by its name in metrics.jsonl, or <c>samples</c>.</param>
/// <param name="From">The first step.</param>
/// <param name="To">The last step.</param>
/// <param name="Text">Its numbers, in words.</param>
public sealed record Evidence(string Curve, long From, long To, string Text);

/// <summary>Something that the curves of a run say, what it rests on, and what to do.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Since">The step it began at.</param>
/// <param name="Text">In words, without an end: <c>the discriminator has won since step 50: ...</c>.</param>
/// <param name="Evidence">What it rests on.</param>
/// <param name="Advice">The way out, in keys and flags of the configuration.</param>
/// <param name="Command">A command that takes it; null where there is none for all cases.</param>
public sealed record Finding(FindingKind Kind, long Since, string Text, IReadOnlyList<Evidence> Evidence, string Advice,
    string? Command = null)
{
    /// <summary>False for a finding that is none to worry about.</summary>
    public bool IsWrong => Kind != FindingKind.StillImproving;

    /// <summary>One line.</summary>
    public override string ToString() => $"{Text}; {Advice}{(Command == null ? "" : $": {Command}")}";
}
