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
    // A GPU keeps the losses of so many steps before somebody looks.
    const int MostUnseen = 200;
    long savedStep = -1, sampledStep = -1;
    int rollBacks;
    // Files of the run that were deleted while it trained and had what is known nowhere else.
    readonly SortedSet<string> lost = new(StringComparer.Ordinal);
    readonly IReadOnlyDictionary<string, string> begun;
    int loggedStep;
    TimeSpan loggedWait;
    // What was last looked at.
    StepReport seen;
    (string Name, float Value)[] gammas = [];
    // Of the checkpoint just saved, for the log.
    IReadOnlyList<(string Name, double Value)> measures = [];
    // Set while newer checkpoints of an abandoned branch are there: they go when this one has its first.
    bool wentBack;

    /// <param name="folder">The run's.</param>
    /// <param name="resolved">Its configuration.</param>
    /// <param name="state">Where it is.</param>
    /// <param name="data">Its images.</param>
    /// <param name="context">Where it is told of.</param>
    /// <param name="begun">What run.json is to say of how the networks began.</param>
    TrainingSession(RunFolder folder, ResolvedConfig resolved, TrainingState state, ImageDataset data, CliContext context,
        IReadOnlyDictionary<string, string>? begun = null)
    {
        (this.folder, this.resolved, this.state, this.data, this.context) = (folder, resolved, state, data, context);
        this.begun = begun ?? new Dictionary<string, string>();
        training = resolved.Config.Training;
        checkpoints = folder.OpenCheckpoints(training.Keep);
        loggedStep = state.StepCount;
        watchdog = new Watchdog(resolved.Config.Watch, resolved.Config.Loss.Kind, Watchdog.Spread(data.Some(WatchedImages)));
    }

    /// <summary><c>sagan train</c>.</summary>
    public static ExitCode Train(TrainRequest request, CliContext context)
    {
        if (request.Folder != null) RunFolder.CheckFree(request.Folder);
        (ResolvedConfig resolved, ImageDataset opened) = Open(request, context);
        using ImageDataset data = opened;
        TrainingState state = new(resolved.Config);
        if (resolved.Config.Optimizer.FreezeD > 0 && request.From == null)
            context.Terminal.Warning($"optimizer.freezeD = {resolved.Config.Optimizer.FreezeD}: the frozen blocks of a new discriminator are random numbers; "
                + "add --from RUN.");
        string? begun = request.From == null ? null : StartingWeights.Load(state, request.From, request.Ema, request.FreshClasses, context);
        using RunFolder folder = RunFolder.Create(request.Folder, resolved);
        context.Terminal.Note(data.Report.ToText().TrimEnd());
        Dictionary<string, string> facts = [];
        if (request.From != null)
            (facts[FromFact], facts[EmaFact], facts[FreshFact]) =
                (Path.GetFullPath(request.From), request.Ema ? "true" : "false", request.FreshClasses ? "true" : "false");
        using TrainingSession session = new(folder, resolved, state, data, context, facts);
        if (begun != null) session.Say(begun);
        return session.Run();
    }

    const string FromFact = "from", EmaFact = "fromEma", FreshFact = "freshClasses", DataFact = "data";

    /// <summary>The images of a new run, and its configuration with what they decide. A dry run begins like this, too.</summary>
    public static (ResolvedConfig Config, ImageDataset Data) Open(TrainRequest request, CliContext context)
    {
        RunConfig config = request.Config.Config;
        Setup.Threads(config.Training.Threads);
        Setup.Precision(config, context);
        IReadOnlyDictionary<string, string> origins = request.Config.Origins;
        // The configuration of another run knows where its images are.
        RunConfig found = config.Data.Path.Length > 0 && origins["data.path"] == origins["data.source"]
            ? DataPlace.Find(config, Path.GetDirectoryName(Path.GetFullPath(origins["data.path"])) ?? ".")
            : config;
        ImageDataset data = WarmUp.OpenData(found, context);
        try
        {
            RunConfig placed = config with { Data = config.Data with { Path = DataPlace.Here(found).Data.Path } };
            return (WithClasses(request.Config with { Config = placed }, data), data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    // A conditional model has as many classes as its data.
    static ResolvedConfig WithClasses(ResolvedConfig resolved, ImageDataset data)
    {
        ModelConfig m = resolved.Config.Model;
        if (!m.Conditional) return resolved;
        if (data.ClassCount == 0)
            throw new DataException(resolved.Config.Data.Source, "the set has no classes, which a conditional model needs: a folder for each class gives them");
        if (data.Report.ClassDoubt is { } doubt)
            throw new DataException(resolved.Config.Data.Source, $"{doubt}; give one of them with --data, or name the classes if they are such: "
                + $"--set {ShellCommand.Quote($"data.classes={string.Join(',', data.Report.Classes.Select(c => c.Name))}")}");
        if (m.Classes != 0 && m.Classes != data.ClassCount)
            throw new UsageException($"model.classes = {m.Classes} (from {resolved.Origins["model.classes"]}): the data set has {data.ClassCount} classes; leave it, or --set model.classes=0.");
        Dictionary<string, string> origins = new(resolved.Origins) { ["model.classes"] = m.Classes == 0 ? "the data set" : resolved.Origins["model.classes"] };
        return resolved with { Config = resolved.Config with { Model = m with { Classes = data.ClassCount } }, Origins = origins };
    }

    /// <summary><c>sagan resume</c>.</summary>
    public static ExitCode Resume(ResumeRequest request, CliContext context)
    {
        bool configured = File.Exists(Path.Combine(request.Folder, "config.json"));
        using RunFolder folder = RunFolder.Open(request.Folder);
        if (!configured) context.Terminal.Warning($"{request.Folder}: config.json was gone and is that of the newest checkpoint again");
        ResolvedConfig before = folder.ReadConfig(), now = folder.ReadConfig(request.Set, request.Flags);
        ResumeRules.Check(before.Config, now.Config, request.AllowChange, contentIsCompared: true);
        Setup.Threads(now.Config.Training.Threads);
        Setup.Precision(now.Config, context);

        CheckpointStore checkpoints = folder.OpenCheckpoints(now.Config.Training.Keep);
        IReadOnlyList<SkippedCheckpoint> skipped = [];
        Checkpoint? checkpoint = request.FromStep is { } from ? checkpoints.Open(from) : checkpoints.FindNewest(out skipped);
        if (checkpoint == null && skipped.Count > 0)
            throw new RunFileException($"{request.Folder}: the run has no sound checkpoint{Why(skipped)}; begin it anew: "
                + Anew(folder));
        foreach (SkippedCheckpoint s in skipped) context.Terminal.Warning($"checkpoint {s.Name} is not sound and is passed over: {s.Reason}");

        // Other images are named as seen from here; those of the run are where they were, or beside it.
        bool moved = now.Config.Data.Source != before.Config.Data.Source || request.Flags.Any(f => f.Path == "data.source");
        RunConfig found = moved ? now.Config : DataPlace.Find(now.Config, request.Folder);
        DataPlace.CheckIsThere(found, request.Folder);
        now = now with { Config = now.Config with { Data = now.Config.Data with { Path = DataPlace.Here(found).Data.Path } } };
        using ImageDataset data = WarmUp.OpenData(found, context);
        string? hash = checkpoint == null ? folder.Fact(DataFact) : checkpoint.State[DataFact]?.GetValue<string>();
        if (hash != null && hash != data.Report.ContentHash && !request.AllowChange)
            throw new UsageException(
                $"{found.Data.Source}: the images differ from those the run began with; --allow-change goes on with them.");
        ModelConfig m = now.Config.Model;
        if (m.Conditional && data.ClassCount != m.Classes)
            throw new UsageException($"{found.Data.Source}: the images have {data.ClassCount} classes, and the networks of the run {m.Classes}; "
                + "name images of as many: --data PATH.");
        TrainingState state = new(now.Config);
        List<string> changes = [];
        if (checkpoint != null) state.Load(checkpoint.OpenFile, request.AllowChange ? changes.Add : null);
        else if (folder.Fact(FromFact) is { } source)
            changes.Add(StartingWeights.Load(state, source, folder.Fact(EmaFact) != "false", folder.Fact(FreshFact) == "true", context));
        if (state.StepCount >= now.Config.Training.Steps)
        {
            context.Terminal.Note($"the run is at step {state.StepCount} of {now.Config.Training.Steps}: nothing is left to do. To go on: "
                + ShellCommand.Of("resume", request.Folder, "--steps", $"{2L * state.StepCount}"));
            return ExitCode.Success;
        }
        using TrainingSession session = new(folder, now, state, data, context);
        session.wentBack = request.FromStep != null;
        session.rollBacks = checkpoint?.State["rollBacks"]?.GetValue<int>() ?? 0;
        if (checkpoint?.State["watch"] is { } watch) session.watchdog.State = watch;
        // Of another measure it says nothing.
        if (before.Config.Training.Best == now.Config.Training.Best) session.bestValue = checkpoint?.State["best"]?.GetValue<double>();
        folder.WriteConfig(now);
        context.Terminal.Note(checkpoint == null
            ? $"{request.Folder} has no checkpoint yet: it is begun anew, from its configuration"
            : $"resuming {request.Folder} at step {state.StepCount}");
        foreach (string change in changes) session.Say(change);
        return session.Run();
    }

    ExitCode Run()
    {
        using ShutdownSignal signal = new(context.Terminal.Note);
        // First of all: a run that ends before its first checkpoint is begun anew from what is said here.
        folder.BeginSession(Facts());
        Say($"training {state.Generator.ParameterCount:N0} + {state.Discriminator.ParameterCount:N0} parameters on {data.Count} images, steps {state.StepCount} to {training.Steps}, into {folder.Path}");
        if (resolved.Config.Model.GrowFrom > 0) Say($"growing: {GrowthSchedule.Describe(resolved.Config)}");
        SayWhatItNeeds();
        SayWhatItWrites();
        if (!File.Exists(folder.File("samples/real.png"))) Setup.WriteImage(folder.File("samples/real.png"), data.Grid());
        best = BestCheckpoint.Of(resolved.Config, data, state.Device, context.Terminal.Warning, (step, steps) => context.Terminal.Live($"training the feature network: {step}/{steps}"));
        ProgressReporter progress = new(context.Terminal, training.Steps, training.Batch, state.StepCount);
        string reason = "error";
        try
        {
            ExitCode? code;
            do code = Attempt(progress, signal);
            while (code == null);
            reason = code == ExitCode.Success ? state.StepCount >= training.Steps ? "finished" : "time limit" : "interrupted";
            // What is said from here on stands below the last state.
            progress.Finish();
            if (watchdog.Ending(training.Steps) is { } won) Warn(won);
            if (code == ExitCode.Success) Conclude();
            return lost.Count == 0 || code != ExitCode.Success ? code.Value : throw Lost();
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

    void SayWhatItWrites()
    {
        DiskNeed need = DiskNeed.Of(state, state.StepCount);
        int grids = training.KeepSamples;
        Say($"on disk: {need}{(grids > 0 ? $"; of the grids of samples {grids} are kept, spread over the run (--keep-samples)" : "")}");
        if (need.Warning(folder.Path) is { } full) Warn(full);
    }

    RunFileException Lost() => new($"{folder.Path}: {string.Join(", ", lost)}: deleted while the run trained, and begun anew; "
        + "what was in there before is lost. The run itself is whole.");

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
        Warn(string.Create(CultureInfo.InvariantCulture,
            $"{e.What}: back to step {from}, learning rates now {scale:G3} of the configured ones (time {rollBacks} of {watch.RollBacks})"));
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
            bool timeUp = training.MaxTime is { } limit && clock.Elapsed >= limit;
            // Asked once: a signal that comes after the save below waits for the next step, which is saved.
            bool stop = signal.Requested;
            // A checkpoint knows what its watchdog has seen.
            if (stop || timeUp) Look(trainer);
            Watch(r.Step);
            progress.Report(new TrainingProgress(r.Step, r.DLoss, r.GLoss, [.. gammas.Where(g => g.Name.StartsWith('g')).Select(g => g.Value)]));
            if (stop || timeUp || r.Step == training.Steps) Save(progress);
            else if (Every(training.SaveEvery, r.Step)) GoOnIfItFails(() => Save(progress));
            if (IsLogged(r.Step)) GoOnIfItFails(Restore);
            if (IsLogged(r.Step) || measures.Count > 0)
                GoOnIfItFails(() => log!.Numbers(r.Step, [("d_loss", r.DLoss), ("g_loss", r.GLoss), ("d_real", r.DReal), ("d_fake", r.DFake), ("images_per_s", progress.ImagesPerSecond),
                    ("wait_ms", WaitPerStep(trainer, r.Step)), .. gammas.Select(g => ($"gamma.{g.Name}", (double)g.Value)),
                    .. state.SingularValues().Select(v => ($"sigma.{v.Name}", (double)v.Value)), .. state.Step.Metrics, .. measures]));
            measures = [];
            if (Every(training.SampleEvery, r.Step)) GoOnIfItFails(DrawSamples);
            if (stop && r.Step < training.Steps)
            {
                progress.Finish();
                Say($"stopped after step {r.Step}; to go on: {ShellCommand.Of("resume", folder.Path)}");
                return signal.ExitCode;
            }
            if (timeUp && r.Step < training.Steps)
            {
                Say($"the time limit of {training.MaxTime} is reached at step {r.Step}");
                break;
            }
        }
        return ExitCode.Success;
    }

    bool IsLogged(int step) => step % training.LogEvery == 0 || step == training.Steps;

    // One step, and what was last seen of losses and gammas. Looking makes the host wait for a GPU, so there it happens only where the log
    // or a checkpoint wants it; what the steps between reported is looked at then, so that the watchdog sees every step once.
    StepReport Advance(Trainer trainer)
    {
        int step = state.StepCount + 1;
        bool look = state.Device.IsHost || seen.Step == 0 || IsLogged(step) || Every(training.SaveEvery, step)
            || trainer.Unseen >= MostUnseen;
        if (!look)
        {
            trainer.NextUnseen();
            return seen with { Step = step };
        }
        seen = trainer.Next();
        Look(trainer);
        Watch(seen);
        gammas = [.. state.Gammas()];
        return seen;
    }

    void Look(Trainer trainer)
    {
        foreach (StepReport r in trainer.Look()) Watch(r);
    }

    void Watch(StepReport r)
    {
        if (watchdog.See(r) is not { } reason) return;
        if (!r.IsFinite) throw Diverged(reason);
        Fail(reason, resolved.Config.Watch.Patience);
    }

    void Watch(int step)
    {
        if (watchdog.Looks(step) && watchdog.See(Samples(WatchedImages), step) is { } collapse) Fail(collapse, resolved.Config.Watch.Every);
    }

    void Fail(string why, int since)
    {
        if (resolved.Config.Watch.Action != WatchAction.Warn) throw Diverged(why, since);
        Warn(why);
    }

    void Warn(string text)
    {
        context.Terminal.Warning(text);
        folder.Say($"warning: {text}");
    }

    // Files that are deleted while they are open take what is written with them.
    void Restore()
    {
        string[] gone = [.. log!.Lost];
        string[] all = [.. folder.Restore(resolved), .. gone];
        if (all.Length == 0) return;
        lost.UnionWith(all.Where(n => n is not ("config.json" or "config.resolved.json" or "run.json")));
        if (gone.Length > 0)
        {
            log.Dispose();
            log = new RunLog(folder, state.StepCount, training.TensorBoard);
        }
        Warn($"{folder.Path}: {string.Join(", ", all)}: deleted while the run trains; begun anew");
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
            [Checkpoint.ConfigKey] = resolved.ToJsonNode(),
            [DataFact] = data.Report.ContentHash,
            ["watch"] = watchdog.State,
            ["rollBacks"] = rollBacks,
            ["best"] = bestValue,
            ["classes"] = new JsonArray([.. data.Report.Classes.Select(c => JsonValue.Create(c.Name))]),
        });
        savedStep = state.StepCount;
        if (isBest) checkpoints.MarkBest(state.StepCount);
        if (value is { } measured) Say(string.Create(CultureInfo.InvariantCulture, $"step {state.StepCount}: {best!.Name} {measured:G5}{(isBest ? ", the best so far" : "")}"));
        if (wentBack)
        {
            checkpoints.RemoveAfter(state.StepCount);
            folder.RemoveSamplesAfter(state.StepCount);
        }
        wentBack = false;
        progress.Saved($"checkpoint of step {state.StepCount}");
    }

    void DrawSamples()
    {
        if (sampledStep == state.StepCount) return;
        Image[] samples = Samples(resolved.Config.Sampling.Images);
        Image grid = ImageGrid.Of(samples);
        Setup.WriteImage(folder.SampleFile(state.StepCount), grid, Labels());
        log!.Samples(state, data, samples, DiskNeed.IsOnBoard(training, state.StepCount) ? grid : null);
        sampledStep = state.StepCount;
        if (training.KeepSamples > 0) folder.ThinSamples(training.KeepSamples, checkpoints.Best);
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
        if (state.StepCount < training.Steps) context.Result($"next: {ShellCommand.Of("resume", folder.Path)}");
        else
        {
            context.Result($"next: {ShellCommand.Of("sample", folder.Path, "--grid", "4x8", "--seed", "2")}");
            context.Result($"train longer: {ShellCommand.Of("resume", folder.Path, "--steps", $"{2L * state.StepCount}")}");
            context.Result($"use your own images: {ShellCommand.Of("train", "--data", "FOLDER")}");
        }
        context.ResultJson(result);
    }

    // What to do is a command that works: the run's configuration is in its folder, and half the learning rates is what helps most often.
    DivergedException Diverged(string what, int since = 0)
    {
        bool saved = checkpoints.Steps.Count > 0;
        OptimizerConfig o = resolved.Config.Optimizer;
        string g = Half(o.GLearningRate), d = Half(o.DLearningRate);
        string anew = "Begin anew with half the learning rates (or another --seed): "
            + Anew(folder, "--g-lr", g, "--d-lr", d);
        string on = $"Go on from it with half the learning rates (--watch roll-back does that by itself): "
            + ShellCommand.Of("resume", folder.Path, "--allow-change",
                "--set", $"optimizer.gLearningRate={g}", "--set", $"optimizer.dLearningRate={d}");
        string kept = saved ? $"the checkpoint of step {checkpoints.Steps[0]} is kept.\n{on}\n" : "no checkpoint was saved yet.\n";
        return new DivergedException($"training diverged: {what}; {kept}{anew}") { What = what, Since = since };

        static string Half(double rate) => (rate / 2).ToString("G3", CultureInfo.InvariantCulture);
    }

    // The command that begins the run in this folder again, in a new one.
    static string Anew(RunFolder folder, params string[] more)
    {
        List<string> arguments = [folder.File("config.json")];
        if (folder.Fact(FromFact) is { } source)
        {
            arguments.AddRange(["--from", source]);
            if (folder.Fact(EmaFact) == "false") arguments.Add("--no-ema");
            if (folder.Fact(FreshFact) == "true") arguments.Add("--fresh-classes");
        }
        return ShellCommand.Of(["train", .. arguments, .. more]);
    }

    void Say(string text)
    {
        context.Terminal.Note(text);
        folder.Say(text);
    }

    Dictionary<string, string> Facts() => new(begun)
    {
        ["program"] = SaganCommandLine.Version,
        ["system"] = RuntimeInformation.OSDescription,
        ["processor"] = HostProcessor.Current.Name,
        ["threads"] = Kernels.WorkerPool.Threads.ToString(CultureInfo.InvariantCulture),
        ["device"] = training.Device,
        [DataFact] = data.Report.ContentHash,
        ["command"] = string.Join(' ', Environment.GetCommandLineArgs().Skip(1).Select(ShellCommand.Quote)),
        ["fromStep"] = state.StepCount.ToString(CultureInfo.InvariantCulture),
    };

    static string Why(IReadOnlyList<SkippedCheckpoint> skipped) => skipped.Count == 0 ? "" : $" ({string.Join("; ", skipped.Select(s => $"{s.Name}: {s.Reason}"))})";
}
