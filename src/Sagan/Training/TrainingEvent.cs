using System.Globalization;
using System.Text;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Training;

/// <summary>Something that happened in a run. As a text it is one line for people.</summary>
/// <param name="Step">Number of steps finished when it happened.</param>
public abstract record TrainingEvent(int Step)
{
    /// <summary>The line.</summary>
    public abstract override string ToString();
}

/// <summary>Training begins, or goes on.</summary>
/// <param name="Step">Where from.</param>
/// <param name="Steps">Where to.</param>
/// <param name="Folder">The run's.</param>
/// <param name="GeneratorParameters">Numbers that the generator learns.</param>
/// <param name="DiscriminatorParameters">Numbers that the discriminator learns.</param>
/// <param name="Images">Images to learn from.</param>
public sealed record Started(int Step, int Steps, string Folder, long GeneratorParameters, long DiscriminatorParameters, int Images)
    : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"training {GeneratorParameters:N0} + {DiscriminatorParameters:N0} parameters on {Images} images, steps {Step} to {Steps}, into "
            + $"{Folder}");
}

/// <summary>A step is done. On a GPU the numbers are those last looked at: looking makes the host wait.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="Steps">The last one's.</param>
/// <param name="DLoss">The discriminator's loss before its last update of the step.</param>
/// <param name="GLoss">The generator's loss before its update.</param>
/// <param name="Gammas">One for each attention block of the generator.</param>
/// <param name="ImagesPerSecond">Over the last half minute.</param>
/// <param name="Remaining">At this speed; null where nobody can tell.</param>
public sealed record StepDone(int Step, int Steps, float DLoss, float GLoss, IReadOnlyList<float> Gammas, double ImagesPerSecond,
    TimeSpan? Remaining)
    : TrainingEvent(Step)
{
    /// <summary>For example <c>step 1200/50000 d=0.61 g=1.20 gamma=0.031 img/s=212 eta=01:12:40</c>.</summary>
    public override string ToString()
    {
        CultureInfo c = CultureInfo.InvariantCulture;
        StringBuilder s = new();
        s.Append(c, $"step {Step}/{Steps} d={DLoss:0.00} g={GLoss:0.00}");
        if (Gammas.Count > 0) s.Append(" gamma=").AppendJoin(',', Gammas.Select(g => g.ToString("0.000", c)));
        s.Append(" img/s=").Append(ImagesPerSecond.ToString(ImagesPerSecond < 10 ? "0.0" : "0", c));
        return s.Append(" eta=").Append(Clock(Remaining)).ToString();
    }

    static string Clock(TimeSpan? left) => left is not { TotalHours: < 1000 } t
        ? "--:--:--"
        : string.Create(CultureInfo.InvariantCulture, $"{(long)t.TotalHours:00}:{t.Minutes:00}:{t.Seconds:00}");
}

/// <summary>All numbers of a step that is logged, as metrics.jsonl has them.</summary>
/// <param name="Step">The step.</param>
/// <param name="Values">Losses, scores, speed, gammas, singular values, what augmentation and measures say.</param>
public sealed record NumbersLogged(int Step, IReadOnlyList<(string Name, double Value)> Values) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"step {Step}: {string.Join(' ', Values.Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Name}={v.Value:G5}")))}";
}

/// <summary>The measure that tells the best checkpoint, taken before one is saved.</summary>
/// <param name="Step">The step.</param>
/// <param name="Name">Of the measure: proxy_fid or consistency.</param>
/// <param name="Value">Its value.</param>
/// <param name="IsBest">Whether it is the best so far.</param>
public sealed record Measured(int Step, string Name, double Value, bool IsBest) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"step {Step}: {Name} {Value:G5}{(IsBest ? ", the best so far" : "")}");
}

/// <summary>A checkpoint is on the disk, whole.</summary>
/// <param name="Step">The step.</param>
/// <param name="Folder">The checkpoint's.</param>
public sealed record CheckpointSaved(int Step, string Folder) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() => $"saved checkpoint of step {Step}";
}

/// <summary>Samples were drawn, of the same noise during a whole run.</summary>
/// <param name="Step">The step.</param>
/// <param name="Path">The picture of all of them.</param>
/// <param name="Grid">That picture.</param>
/// <param name="Images">The samples.</param>
public sealed record SampleDrawn(int Step, string Path, Image Grid, IReadOnlyList<Image> Images) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() => $"samples of step {Step}: {Path}";
}

/// <summary>The generator's attention maps were drawn, of the same noise and the same points during a whole run.</summary>
/// <param name="Step">The step.</param>
/// <param name="Path">The picture; the numbers behind it are beside it, under the same name with .safetensors.</param>
/// <param name="Figure">That picture.</param>
public sealed record MapsDrawn(int Step, string Path, Image Figure) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() => $"attention maps of step {Step}: {Path}";
}

/// <summary>Something is not as it should be, and training goes on.</summary>
/// <param name="Step">The step.</param>
/// <param name="Text">What, and the way out.</param>
public sealed record Warning(int Step, string Text) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() => $"warning: {Text}";
}

/// <summary>Something to know that is no problem.</summary>
/// <param name="Step">The step.</param>
/// <param name="Text">What.</param>
public sealed record Note(int Step, string Text) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>The run had failed and went back to a checkpoint, with lower learning rates.</summary>
/// <param name="Step">The checkpoint's.</param>
/// <param name="Reason">Why.</param>
/// <param name="LearningRateScale">What the configured learning rates are multiplied by now.</param>
/// <param name="Time">How often that has happened.</param>
/// <param name="MostTimes">How often it may.</param>
public sealed record RolledBack(int Step, string Reason, double LearningRateScale, int Time, int MostTimes) : TrainingEvent(Step)
{
    /// <summary>Reason and learning rates.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Reason}: back to step {Step}, "
        + $"learning rates now {LearningRateScale:G3} of the configured ones (time {Time} of {MostTimes})");

    /// <inheritdoc/>
    public override string ToString() => $"warning: {Text}";
}

/// <summary>Training has ended, and everything is on the disk.</summary>
/// <param name="Step">The last step.</param>
/// <param name="Reason">Why.</param>
public sealed record Ended(int Step, EndReason Reason) : TrainingEvent(Step)
{
    /// <inheritdoc/>
    public override string ToString() => Reason switch
    {
        EndReason.Finished => $"finished at step {Step}",
        EndReason.TimeLimit => $"the time limit is reached at step {Step}",
        _ => $"stopped after step {Step}",
    };
}

/// <summary>Why training has ended.</summary>
public enum EndReason
{
    /// <summary>All steps are done.</summary>
    Finished,

    /// <summary>training.maxTime was over.</summary>
    TimeLimit,

    /// <summary>By the token.</summary>
    Cancelled,
}
