using System.Text.Json.Nodes;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Training;

/// <summary>The steps of a run, each seen by its <see cref="Watchdog"/>, and what was last looked at of losses and gammas.</summary>
/// <param name="state">The run's.</param>
/// <param name="data">Its images.</param>
/// <param name="samples">Draws so many samples.</param>
/// <param name="warn">Told of failures, where the run is to go on with them, and of what the user should know of the data.</param>
sealed class WatchedSteps(TrainingState state, ImageDataset data, Func<int, Image[]> samples, Action<string> warn) : IDisposable
{
    const int WatchedImages = 32;
    // A GPU keeps the losses of so many steps before somebody looks.
    const int MostUnseen = 200;

    readonly TrainingConfig training = state.Config.Training;
    readonly WatchConfig watch = state.Config.Watch;
    readonly Watchdog watchdog = new(state.Config.Watch, state.Config.Loss.Kind, Watchdog.Spread(data.Some(WatchedImages)));
    Trainer? trainer;
    int loggedStep;
    TimeSpan loggedWait;

    /// <summary>What was last looked at.</summary>
    public StepReport Seen { get; private set; }

    /// <summary>The gammas then.</summary>
    public IReadOnlyList<(string Name, float Value)> Gammas { get; private set; } = [];

    /// <summary>What a resumed run must know of the watchdog.</summary>
    public JsonNode WatchState
    {
        get => watchdog.State;
        set => watchdog.State = value;
    }

    /// <summary>What to say of a discriminator that wins as the run ends; or null.</summary>
    public string? Ending => watchdog.Ending(training.Steps);

    /// <summary>Begins where the state is.</summary>
    public void Open()
    {
        trainer?.Dispose();
        trainer = new Trainer(state, data);
        if (trainer.Warning != null) warn(trainer.Warning);
        (Seen, loggedStep, loggedWait) = (default, state.StepCount, default);
    }

    /// <summary>
    /// One step. Looking makes the host wait for a GPU, so there it happens only where it is wanted; what the steps between reported is
    /// looked at then, so that the watchdog sees every step once. Throws <see cref="DivergedException"/> where the run has failed and is
    /// not to go on.
    /// </summary>
    /// <param name="isWanted">Whether the log or a checkpoint wants to know.</param>
    /// <returns>The step with what was last looked at.</returns>
    public StepReport Next(bool isWanted)
    {
        int step = state.StepCount + 1;
        if (state.Device.IsHost || Seen.Step == 0 || isWanted || trainer!.Unseen >= MostUnseen)
        {
            Seen = trainer!.Next();
            Look();
            Watch(Seen);
            Gammas = [.. state.Gammas()];
        }
        else trainer.NextUnseen();
        if (watchdog.Looks(step) && watchdog.See(samples(WatchedImages), step) is { } collapse) Fail(collapse, watch.Every);
        return Seen with { Step = step };
    }

    /// <summary>Looks at the steps that nobody has looked at.</summary>
    public void Look()
    {
        foreach (StepReport r in trainer!.Look()) Watch(r);
    }

    /// <summary>Milliseconds that a step waited for its images, on average since this was last asked.</summary>
    public double WaitPerStep()
    {
        int step = state.StepCount;
        (TimeSpan since, int steps) = (trainer!.Waited - loggedWait, Math.Max(1, step - loggedStep));
        (loggedWait, loggedStep) = (trainer.Waited, step);
        return Math.Round(since.TotalMilliseconds / steps, 3);
    }

    public void Dispose()
    {
        trainer?.Dispose();
        trainer = null;
    }

    void Watch(StepReport r)
    {
        if (watchdog.See(r) is not { } reason) return;
        if (!r.IsFinite) throw new DivergedException(reason) { What = reason, Since = 0 };
        Fail(reason, watch.Patience);
    }

    void Fail(string why, int since)
    {
        if (watch.Action != WatchAction.Warn) throw new DivergedException(why) { What = why, Since = since };
        warn(why);
    }
}
