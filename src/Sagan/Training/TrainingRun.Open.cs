using System.Globalization;
using System.Runtime.InteropServices;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Training;

// How a run begins, and how it goes on.
public sealed partial class TrainingRun
{
    TrainingRun(RunFolder folder, ResolvedConfig resolved, TrainingState state, ImageDataset data, bool ownsData)
    {
        (this.folder, this.resolved, this.state, this.data, this.ownsData) = (folder, resolved, state, data, ownsData);
        training = resolved.Config.Training;
        keeper = new RunKeeper(folder, resolved, state, data, Tell);
        steps = new WatchedSteps(state, data, keeper.Samples, text => Tell(new Warning(Step, text)));
    }

    /// <summary>A new run.</summary>
    /// <param name="config">All of it; a conditional model with 0 classes gets as many as the data has.</param>
    /// <param name="data">
    /// The images, of the size and channels of the networks, which stay the caller's; null: those that the configuration names, opened
    /// here.
    /// </param>
    /// <param name="folder">New or empty; null: one under <c>runs</c>, named by time, data and seed.</param>
    /// <param name="from">Begin with the networks of another run; null: with fresh ones.</param>
    /// <exception cref="ConfigException">A value breaks a rule.</exception>
    /// <exception cref="UsageException">The folder has something in it; the networks of the other run do not fit.</exception>
    /// <exception cref="DataException">The images cannot be read, or do not fit the networks.</exception>
    /// <exception cref="RunFileException">The folder cannot be made.</exception>
    /// <exception cref="DeviceUnavailableException">The device is not there.</exception>
    public static TrainingRun Create(RunConfig config, ImageDataset? data = null, string? folder = null, StartingPoint? from = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        // The run finds its images again by this name.
        RunConfig named = data == null ? config : config with { Data = config.Data with { Source = data.Report.Source } };
        TrainingRun run = Create(ResolvedConfig.Of(named), RunData.Opener(data), data == null, folder, from);
        run.TellOfData(data == null);
        return run;
    }

    /// <summary>The same with origins of all values, and with images that are opened in the caller's way.</summary>
    internal static TrainingRun Create(ResolvedConfig config, Func<RunConfig, ImageDataset> open, bool ownsData, string? folder,
        StartingPoint? from)
    {
        if (folder != null) RunFolder.CheckFree(folder);
        List<string> warnings = [.. config.Warnings];
        RunDevice.Prepare(config.Config.Training, warnings.Add);
        (ResolvedConfig resolved, ImageDataset data) = RunData.Open(config, open, ownsData);
        RunFolder? made = null;
        try
        {
            TrainingState state = new(resolved.Config);
            if (resolved.Config.Optimizer.FreezeD > 0 && from == null)
                warnings.Add($"optimizer.freezeD = {resolved.Config.Optimizer.FreezeD}: the frozen blocks of a new discriminator are "
                    + "random numbers; "
                    + "add --from RUN.");
            string? loaded = from == null ? null : StartingWeights.Load(state, from, warnings.Add);
            made = RunFolder.Create(folder, resolved, Facts(resolved.Config, data, step: 0, from));
            TrainingRun run = new(made, resolved, state, data, ownsData) { inSession = true };
            foreach (string warning in warnings) run.Tell(new Warning(0, warning));
            if (loaded != null) run.Tell(new Note(0, loaded));
            return run;
        }
        catch
        {
            made?.Dispose();
            if (ownsData) data.Dispose();
            throw;
        }
    }

    /// <summary>Goes on with a run exactly where its newest sound checkpoint left it; begins it anew where it has none yet.</summary>
    /// <param name="folder">The run's.</param>
    /// <param name="options">What is to be different; null: nothing.</param>
    /// <param name="data">The images the run began with, which stay the caller's; null: those its configuration names, opened here.</param>
    /// <exception cref="RunFileException">There is no run, it is locked by another process, or none of its checkpoints is
    /// sound.</exception>
    /// <exception cref="UsageException">A change makes another run of it, the images among them, and is not allowed.</exception>
    /// <exception cref="DataException">The images are not where they were.</exception>
    public static TrainingRun Resume(string folder, ResumeOptions? options = null, ImageDataset? data = null)
    {
        options ??= new ResumeOptions();
        if (data != null) options = options with
        {
            Flags = [.. options.Flags,
            new FlagValue("the program", "data.source", data.Report.Source)]
        };
        TrainingRun run = Resume(folder, options, RunData.Opener(data), data == null);
        run.TellOfData(data == null);
        return run;
    }

    /// <summary>The same with images that are opened in the caller's way.</summary>
    internal static TrainingRun Resume(string path, ResumeOptions options, Func<RunConfig, ImageDataset> open, bool ownsData)
    {
        bool configured = File.Exists(Path.Combine(path, RunFolder.Config));
        RunFolder folder = RunFolder.Open(path);
        ImageDataset? data = null;
        try
        {
            List<TrainingEvent> told = [];
            if (!configured) told.Add(new Warning(0, $"{path}: config.json was gone and is that of the newest checkpoint again"));
            ResolvedConfig before = folder.ReadConfig(), now = folder.ReadConfig(options.Set, options.Flags);
            ResumeRules.Check(before.Config, now.Config, options.AllowChange, contentIsCompared: true);
            RunDevice.Prepare(now.Config.Training, text => told.Add(new Warning(0, text)));
            Checkpoint? checkpoint = FindCheckpoint(folder, options.FromStep, told);

            // Other images are named as seen from here; those of the run are where they were, or beside it.
            bool moved = now.Config.Data.Source != before.Config.Data.Source || options.Flags.Any(f => f.Path == "data.source");
            RunConfig found = moved ? now.Config : RunData.Find(now.Config, path);
            RunData.CheckIsThere(found, path);
            now = now with { Config = now.Config with { Data = now.Config.Data with { Path = RunData.Here(found).Data.Path } } };
            data = open(found);
            RunData.CheckFits(found, data);
            string? hash = checkpoint == null ? folder.Fact(RunKeeper.DataFact) : checkpoint.State[RunKeeper.DataFact]?.GetValue<string>();
            if (hash != null && hash != data.Report.ContentHash && !options.AllowChange)
                throw new UsageException(
                    $"{found.Data.Source}: the images differ from those the run began with; --allow-change goes on with them.");
            if (now.Config.Model.Conditional && data.ClassCount != now.Config.Model.Classes)
                throw new UsageException($"{found.Data.Source}: the images have {data.ClassCount} classes, and the networks of the run "
                    + $"{now.Config.Model.Classes}; name images of as many: --data PATH.");

            TrainingState state = new(now.Config);
            List<string> changes = [];
            if (checkpoint != null) state.Load(checkpoint.OpenFile, options.AllowChange ? changes.Add : null);
            else if (StartingPoint.Of(folder) is { } source)
                changes.Add(StartingWeights.Load(state, source, text => told.Add(new Warning(0, text))));
            TrainingRun run = new(folder, now, state, data, ownsData);
            foreach (TrainingEvent e in told) run.Tell(e with { Step = run.Step });
            if (run.IsFinished) return run;
            if (options.FromStep != null) run.keeper.WentBack();
            run.keeper.RollBacks = checkpoint?.State["rollBacks"]?.GetValue<int>() ?? 0;
            if (checkpoint?.State["watch"] is { } watch) run.steps.WatchState = watch;
            // Of another measure it says nothing.
            if (before.Config.Training.Best == now.Config.Training.Best)
                run.keeper.BestValue = checkpoint?.State["best"]?.GetValue<double>();
            folder.WriteConfig(now);
            run.Tell(new Note(run.Step, checkpoint == null
                ? $"{path} has no checkpoint yet: it is begun anew, from its configuration"
                : $"resuming {path} at step {run.Step}"));
            foreach (string change in changes) run.Tell(new Note(run.Step, change));
            run.BeginSession();
            return run;
        }
        catch
        {
            if (ownsData) data?.Dispose();
            folder.Dispose();
            throw;
        }
    }

    // Who opened the images himself knows.
    void TellOfData(bool opened)
    {
        if (!opened || IsFinished) return;
        foreach (string warning in data.Report.Warnings) Tell(new Warning(Step, warning));
    }

    static Checkpoint? FindCheckpoint(RunFolder folder, long? from, List<TrainingEvent> told)
    {
        CheckpointStore checkpoints = folder.OpenCheckpoints(int.MaxValue);
        if (from is { } step) return checkpoints.Open(step);
        Checkpoint? newest = checkpoints.FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped);
        if (newest == null && skipped.Count > 0)
        {
            string why = string.Join("; ", skipped.Select(s => $"{s.Name}: {s.Reason}"));
            throw new RunFileException($"{folder.Path}: the run has no sound checkpoint ({why}); "
                + $"begin it anew: {StartingPoint.CommandAnew(folder)}");
        }
        foreach (SkippedCheckpoint s in skipped)
            told.Add(new Warning(0, $"checkpoint {s.Name} is not sound and is passed over: {s.Reason}"));
        return newest;
    }

    void BeginSession()
    {
        folder.BeginSession(Facts(Config, data, Step, null));
        inSession = true;
    }

    // What run.json says of a session. A run that ends before its first checkpoint is begun anew from this.
    static Dictionary<string, string> Facts(RunConfig config, ImageDataset data, int step, StartingPoint? from) =>
        new(from?.Facts() ?? [])
        {
            ["program"] = AboutProgram.Version,
            ["system"] = RuntimeInformation.OSDescription,
            ["processor"] = HostProcessor.Current.Name,
            ["threads"] = WorkerPool.Threads.ToString(CultureInfo.InvariantCulture),
            ["device"] = config.Training.Device,
            [RunKeeper.DataFact] = data.Report.ContentHash,
            ["command"] = string.Join(' ', Environment.GetCommandLineArgs().Skip(1).Select(ShellCommand.Quote)),
            ["fromStep"] = step.ToString(CultureInfo.InvariantCulture),
        };

    // A disk that is full here must not hide what went wrong before.
    void EndSession()
    {
        if (!inSession) return;
        inSession = false;
        try
        {
            folder.Say(exit);
            folder.EndSession(exit, Step);
        }
        catch (Exception e) when (IsOfTheDisk(e))
        {
            Tell(new Warning(Step, $"{Folder}: how the session ended could not be noted: {e.Message}"));
        }
    }
}
