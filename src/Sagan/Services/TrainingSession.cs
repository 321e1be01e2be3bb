using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Images;
using Sagan.Native.Sampling;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>One session of a run: from where it is to its last step, or until it is stopped. Logs, draws samples, saves, and says how it ended.</summary>
sealed class TrainingSession : IDisposable
{
    readonly RunFolder folder;
    readonly ResolvedConfig resolved;
    readonly TrainingState state;
    readonly ImageDataset data;
    readonly CliContext context;
    readonly TrainingConfig training;
    readonly CheckpointStore checkpoints;
    readonly Watchdog watchdog;
    RunLog? log;
    BestCheckpoint? best;
    double? bestValue;
    readonly Stopwatch clock = Stopwatch.StartNew();
    const int WatchedImages = 32;
    long savedStep = -1, sampledStep = -1;
    int rollBacks;
    int loggedStep;
    TimeSpan loggedWait;
    // What was last looked at.
    StepReport seen;
    (string Name, float Value)[] gammas = [];
    // Of the checkpoint just saved, for the log.
    IReadOnlyList<(string Name, double Value)> measures = [];
    // Set while newer checkpoints of an abandoned branch are there: they go when this one has its first.
    bool wentBack;

    TrainingSession(RunFolder folder, ResolvedConfig resolved, TrainingState state, ImageDataset data, CliContext context)
    {
        (this.folder, this.resolved, this.state, this.data, this.context) = (folder, resolved, state, data, context);
        training = resolved.Config.Training;
        checkpoints = folder.OpenCheckpoints(training.Keep);
        loggedStep = state.StepCount;
        watchdog = new Watchdog(resolved.Config.Watch, resolved.Config.Loss.Kind, Watchdog.Spread(data.Some(WatchedImages)));
    }

    /// <summary><c>sagan train</c>.</summary>
    public static ExitCode Train(TrainRequest request, CliContext context)
    {
        RunConfig config = request.Config.Config;
        Setup.Threads(config.Training.Threads);
        Setup.Precision(config, context);
        using ImageDataset data = WarmUp.OpenData(config, context);
        ResolvedConfig resolved = WithClasses(request.Config, data);
        TrainingState state = new(resolved.Config);
        if (resolved.Config.Optimizer.FreezeD > 0 && request.From == null)
            context.Terminal.Warning($"optimizer.freezeD = {resolved.Config.Optimizer.FreezeD}: the frozen blocks of a new discriminator are random numbers; "
                + "add --from RUN.");
        string? begun = request.From == null ? null : StartingWeights.Load(state, request.From, request.Ema, context);
        using RunFolder folder = RunFolder.Create(request.Folder, resolved);
        context.Terminal.Note(data.Report.ToText().TrimEnd());
        Setup.WritePng(folder.File("samples/real.png"), data.Grid());
        using TrainingSession session = new(folder, resolved, state, data, context);
        if (begun != null) session.Say(begun);
        return session.Run();
    }

    // A conditional model has as many classes as its data.
    static ResolvedConfig WithClasses(ResolvedConfig resolved, ImageDataset data)
    {
        ModelConfig m = resolved.Config.Model;
        if (!m.Conditional) return resolved;
        if (data.ClassCount == 0)
            throw new DataException(resolved.Config.Data.Source, "the set has no classes, which a conditional model needs: a folder for each class gives them");
        if (m.Classes != 0 && m.Classes != data.ClassCount)
            throw new UsageException($"model.classes = {m.Classes} (from {resolved.Origins["model.classes"]}): the data set has {data.ClassCount} classes; leave it, or --set model.classes=0.");
        Dictionary<string, string> origins = new(resolved.Origins) { ["model.classes"] = m.Classes == 0 ? "the data set" : resolved.Origins["model.classes"] };
        return resolved with { Config = resolved.Config with { Model = m with { Classes = data.ClassCount } }, Origins = origins };
    }

    /// <summary><c>sagan resume</c>.</summary>
    public static ExitCode Resume(ResumeRequest request, CliContext context)
    {
        using RunFolder folder = RunFolder.Open(request.Folder);
        List<string> set = [.. request.Set];
        if (request.Steps is { } steps) set.Add($"training.steps={steps}");
        ResolvedConfig before = folder.ReadConfig([]), now = folder.ReadConfig(set);
        ResumeRules.Check(before.Config, now.Config, request.AllowChange);
        Setup.Threads(now.Config.Training.Threads);
        Setup.Precision(now.Config, context);

        CheckpointStore checkpoints = folder.OpenCheckpoints(now.Config.Training.Keep);
        IReadOnlyList<SkippedCheckpoint> skipped = [];
        Checkpoint checkpoint = request.FromStep is { } from
            ? checkpoints.Open(from)
            : checkpoints.FindNewest(out skipped) ?? throw new RunFileException($"{request.Folder}: the run has no sound checkpoint{Why(skipped)}; begin it anew with sagan train.");
        foreach (SkippedCheckpoint s in skipped) context.Terminal.Warning($"checkpoint {s.Name} is not sound and is passed over: {s.Reason}");

        using ImageDataset data = WarmUp.OpenData(now.Config, context);
        if (checkpoint.State["data"]?.GetValue<string>() is { } hash && hash != data.Report.ContentHash && !request.AllowChange)
            throw new UsageException($"{now.Config.Data.Source}: the images differ from those the run began with; --allow-change goes on with them.");
        TrainingState state = new(now.Config);
        List<string> changes = [];
        state.Load(checkpoint.OpenFile, request.AllowChange ? changes.Add : null);
        if (state.StepCount >= now.Config.Training.Steps)
        {
            context.Terminal.Note($"the run is at step {state.StepCount} of {now.Config.Training.Steps}: nothing is left to do. To go on: sagan resume {request.Folder} --steps {2L * state.StepCount}");
            return ExitCode.Success;
        }
        using TrainingSession session = new(folder, now, state, data, context);
        session.wentBack = request.FromStep != null;
        session.rollBacks = checkpoint.State["rollBacks"]?.GetValue<int>() ?? 0;
        if (checkpoint.State["watch"] is { } watch) session.watchdog.State = watch;
        // Of another measure it says nothing.
        if (before.Config.Training.Best == now.Config.Training.Best) session.bestValue = checkpoint.State["best"]?.GetValue<double>();
        folder.WriteConfig(now);
        context.Terminal.Note($"resuming {request.Folder} at step {state.StepCount}");
        foreach (string change in changes) session.Say(change);
        return session.Run();
    }

    ExitCode Run()
    {
        using ShutdownSignal signal = new(context.Terminal.Note);
        Say($"training {state.Generator.ParameterCount:N0} + {state.Discriminator.ParameterCount:N0} parameters on {data.Count} images, steps {state.StepCount} to {training.Steps}, into {folder.Path}");
        if (resolved.Config.Model.GrowFrom > 0) Say($"growing: {GrowthSchedule.Describe(resolved.Config)}");
        SayWhatItNeeds();
        folder.BeginSession(Facts());
        best = BestCheckpoint.Of(resolved.Config, data, state.Device, context.Terminal.Warning, (step, steps) => context.Terminal.Live($"training the feature network: {step}/{steps}"));
        ProgressReporter progress = new(context.Terminal, training.Steps, training.Batch, state.StepCount);
        string reason = "error";
        try
        {
            ExitCode? code;
            do code = Attempt(progress, signal);
            while (code == null);
            reason = code == ExitCode.Success ? state.StepCount >= training.Steps ? "finished" : "time limit" : "interrupted";
            if (code == ExitCode.Success) Conclude();
            return code.Value;
        }
        catch (DivergedException)
        {
            reason = "diverged";
            throw;
        }
        finally
        {
            progress.Finish();
            End(reason);
        }
    }

    // Where a batch does not fit, it is better to know before hours have passed; the machine then swaps or ends the process.
    void SayWhatItNeeds()
    {
        if (RunEstimate.Quick(resolved.Config) is not { } estimate) return;
        Say($"{estimate.Memory(training)}; {estimate.Time(training.Steps - state.StepCount)}{(resolved.Config.Model.GrowFrom > 0 ? ", if all were of the full size" : "")}");
        if (state.Device.IsHost && estimate.TooLarge(training, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) is { } warning) context.Terminal.Warning(warning);
    }

    public void Dispose() => log?.Dispose();

    // From where the state is to the end; null where it failed and was rolled back.
    ExitCode? Attempt(ProgressReporter progress, ShutdownSignal signal)
    {
        using Trainer trainer = new(state, data);
        log?.Dispose();
        log = new RunLog(folder, state.StepCount, training.TensorBoard);
        log.Configuration(resolved.ToJson());
        if (trainer.Warning != null) context.Terminal.Warning(trainer.Warning);
        (loggedStep, loggedWait) = (state.StepCount, default);
        try
        {
            return Loop(trainer, progress, signal);
        }
        catch (DivergedException e) when (resolved.Config.Watch.Action == WatchAction.RollBack)
        {
            if (!RollBack(e)) throw;
            return null;
        }
    }

    // To the best checkpoint, or the newest that is older than the failure, with lower learning rates. False where there is none, or it was done too often.
    bool RollBack(DivergedException e)
    {
        WatchConfig watch = resolved.Config.Watch;
        if (rollBacks >= watch.RollBacks) return false;
        long healthy = state.StepCount - (e.Since ?? 0);
        long? step = checkpoints.Best ?? checkpoints.Steps.Cast<long?>().FirstOrDefault(s => s <= healthy) ?? checkpoints.Steps.Cast<long?>().LastOrDefault();
        if (step is not { } from) return false;
        double scale = state.LearningRateScale * watch.LearningRateFactor;
        Checkpoint checkpoint = checkpoints.Open(from);
        // It may be from before the run was resumed with other parts.
        state.Load(checkpoint.OpenFile, Say);
        state.LearningRateScale = scale;
        (savedStep, sampledStep, wentBack, seen) = (-1, -1, true, default);
        rollBacks++;
        string text = string.Create(CultureInfo.InvariantCulture, $"{e.What}: back to step {from}, learning rates now {scale:G3} of the configured ones (time {rollBacks} of {watch.RollBacks})");
        context.Terminal.Warning(text);
        folder.Say(text);
        return true;
    }

    // A disk that is full here must not hide what went wrong before.
    void End(string reason)
    {
        try
        {
            folder.Say(reason);
            folder.EndSession(reason, state.StepCount);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RunFileException)
        {
            context.Terminal.Warning($"{folder.Path}: how the session ended could not be noted: {e.Message}");
        }
    }

    ExitCode Loop(Trainer trainer, ProgressReporter progress, ShutdownSignal signal)
    {
        while (state.StepCount < training.Steps)
        {
            signal.Step = state.StepCount + 1;
            StepReport r = Advance(trainer);
            Watch(r);
            progress.Report(new TrainingProgress(r.Step, r.DLoss, r.GLoss, [.. gammas.Where(g => g.Name.StartsWith('g')).Select(g => g.Value)]));
            bool timeUp = training.MaxTime is { } limit && clock.Elapsed >= limit;
            if (signal.Requested || timeUp || r.Step == training.Steps) Save(progress);
            else if (Every(training.SaveEvery, r.Step)) GoOnIfItFails(() => Save(progress));
            if (r.Step % training.LogEvery == 0 || r.Step == training.Steps || measures.Count > 0)
                GoOnIfItFails(() => log!.Numbers(r.Step, [("d_loss", r.DLoss), ("g_loss", r.GLoss), ("d_real", r.DReal), ("d_fake", r.DFake), ("images_per_s", progress.ImagesPerSecond),
                    ("wait_ms", WaitPerStep(trainer, r.Step)), .. gammas.Select(g => ($"gamma.{g.Name}", (double)g.Value)),
                    .. state.SingularValues().Select(v => ($"sigma.{v.Name}", (double)v.Value)), .. state.Step.Metrics, .. measures]));
            measures = [];
            if (Every(training.SampleEvery, r.Step)) GoOnIfItFails(DrawSamples);
            if (signal.Requested && r.Step < training.Steps)
            {
                Say($"stopped after step {r.Step}; to go on: sagan resume {folder.Path}");
                return signal.ExitCode;
            }
            if (timeUp && r.Step < training.Steps)
            {
                Say($"the time limit of {training.MaxTime} is reached at step {r.Step}; to go on: sagan resume {folder.Path}");
                break;
            }
        }
        return ExitCode.Success;
    }

    // One step, and what was last seen of losses and gammas. Looking makes the host wait for a GPU, so there it happens only where the log wants it.
    StepReport Advance(Trainer trainer)
    {
        int step = state.StepCount + 1;
        if (!state.Device.IsHost && seen.Step > 0 && step % training.LogEvery != 0 && step != training.Steps)
        {
            trainer.NextUnseen();
            return seen with { Step = step };
        }
        seen = trainer.Next();
        gammas = [.. state.Gammas()];
        return seen;
    }

    void Watch(StepReport r)
    {
        WatchConfig watch = resolved.Config.Watch;
        if (watchdog.See(r) is { } reason)
        {
            if (!r.IsFinite) throw Diverged(reason);
            Fail(reason, watch.Patience);
        }
        if (watchdog.Looks(r.Step) && watchdog.See(Samples(WatchedImages), r.Step) is { } collapse) Fail(collapse, watch.Every);

        void Fail(string why, int since)
        {
            if (watch.Action != WatchAction.Warn) throw Diverged(why, since);
            context.Terminal.Warning(why);
            folder.Say(why);
        }
    }

    // Milliseconds that a step waited for its images, on average since the last line of the log.
    double WaitPerStep(Trainer trainer, int step)
    {
        (TimeSpan since, int steps) = (trainer.Waited - loggedWait, Math.Max(1, step - loggedStep));
        (loggedWait, loggedStep) = (trainer.Waited, step);
        return Math.Round(since.TotalMilliseconds / steps, 3);
    }

    // A disk that is full for a while costs a picture, a line of the log or a checkpoint, not the run: the next save tries again.
    void GoOnIfItFails(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RunFileException)
        {
            context.Terminal.Warning($"{e.Message} Training goes on.");
        }
    }

    static bool Every(int interval, int step) => interval > 0 && step % interval == 0;

    void Save(ProgressReporter progress)
    {
        if (savedStep == state.StepCount) return;
        // The losses of a step are from before its update, so they can be finite when the weights no longer are.
        if (!state.IsFinite) throw Diverged($"a weight is not finite after step {state.StepCount}");
        // Measured first, so that the checkpoint knows the best value up to itself.
        measures = best?.Of(state) ?? [];
        double? value = measures.Count == 0 ? null : measures[0].Value;
        bool isBest = value is { } v && best!.IsBetter(v, bestValue);
        if (isBest) bestValue = value;
        checkpoints.Save(state.StepCount, state.Files(), new JsonObject
        {
            ["data"] = data.Report.ContentHash,
            ["watch"] = watchdog.State,
            ["rollBacks"] = rollBacks,
            ["best"] = bestValue,
            ["classes"] = new JsonArray([.. data.Report.Classes.Select(c => JsonValue.Create(c.Name))]),
        });
        savedStep = state.StepCount;
        if (isBest) checkpoints.MarkBest(state.StepCount);
        if (value is { } measured) Say(string.Create(CultureInfo.InvariantCulture, $"step {state.StepCount}: {best!.Name} {measured:G5}{(isBest ? ", the best so far" : "")}"));
        if (wentBack) checkpoints.RemoveAfter(state.StepCount);
        wentBack = false;
        progress.Saved($"checkpoint of step {state.StepCount}");
    }

    void DrawSamples()
    {
        if (sampledStep == state.StepCount) return;
        Image[] samples = Samples(resolved.Config.Sampling.Images);
        Image grid = ImageGrid.Of(samples);
        Setup.WritePng(folder.SampleFile(state.StepCount), grid, Labels());
        log!.Samples(state, data, samples, grid);
        sampledStep = state.StepCount;
    }

    Image[] Samples(int count) => Step.Run(() => Sampler.Images(state.Best, state.FixedZ(count), resolved.Config.Sampling.Statistics, state.FixedClasses(count)));

    IEnumerable<KeyValuePair<string, string>> Labels() =>
    [
        new("sagan.step", state.StepCount.ToString(CultureInfo.InvariantCulture)),
        new("sagan.seed", training.Seed.ToString(CultureInfo.InvariantCulture)),
    ];

    // The picture, the measure where there is one, and what to try next.
    void Conclude()
    {
        DrawSamples();
        JsonObject result = new() { ["run"] = folder.Path, ["step"] = state.StepCount, ["samples"] = folder.SampleFile(state.StepCount), ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 1) };
        if (resolved.Config.Data.Source == Dataset.Creatures && resolved.Config.Model.Channels == 3)
        {
            CreatureConsistency c = CreatureConsistency.Measure(Samples(512));
            context.Result(string.Create(CultureInfo.InvariantCulture, $"consistency of {c.Images} samples: {c.Overall:P0} ({c})"));
            result["consistency"] = c.Overall;
            foreach ((string name, double value) in c.Parts) result[name] = value;
        }
        context.Result($"samples:    {folder.SampleFile(state.StepCount)}   (real images: {folder.File("samples/real.png")})");
        context.Result($"checkpoint: {folder.File("checkpoints/" + Checkpoint.NameOf(state.StepCount))}   log: {folder.File("metrics.jsonl")}");
        context.Result(state.StepCount < training.Steps
            ? $"next: sagan resume {folder.Path}"
            : $"next: sagan sample {folder.Path} --grid 4x8 --seed 2, train longer with sagan resume {folder.Path} --steps {2L * state.StepCount}, or use your own images: sagan train --data FOLDER");
        context.ResultJson(result);
    }

    DivergedException Diverged(string what, int since = 0)
    {
        string saved = checkpoints.Steps.Count == 0 ? "no checkpoint was saved yet" : $"the checkpoint of step {checkpoints.Steps[0]} is kept";
        return new DivergedException($"training diverged: {what}; {saved}. Begin anew with a lower learning rate (--g-lr, --d-lr) or another --seed, "
            + $"or go on with sagan resume {folder.Path} --allow-change --set optimizer.gLearningRate=..., or let --watch roll-back do that")
        {
            What = what,
            Since = since,
        };
    }

    void Say(string text)
    {
        context.Terminal.Note(text);
        folder.Say(text);
    }

    Dictionary<string, string> Facts() => new()
    {
        ["program"] = SaganCommandLine.Version,
        ["system"] = RuntimeInformation.OSDescription,
        ["processor"] = HostProcessor.Current.Name,
        ["threads"] = Kernels.WorkerPool.Threads.ToString(CultureInfo.InvariantCulture),
        ["device"] = training.Device,
        ["data"] = data.Report.ContentHash,
        ["command"] = string.Join(' ', Environment.GetCommandLineArgs().Skip(1)),
        ["fromStep"] = state.StepCount.ToString(CultureInfo.InvariantCulture),
    };

    static string Why(IReadOnlyList<SkippedCheckpoint> skipped) => skipped.Count == 0 ? "" : $" ({string.Join("; ", skipped.Select(s => $"{s.Name}: {s.Reason}"))})";
}
