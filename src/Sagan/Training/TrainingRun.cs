using System.Diagnostics;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Models;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Training;

/// <summary>
/// A run that trains, in a folder of its own. It has no console, no signals and no state outside itself: the loop over <see cref="Train"/>
/// is the caller's, and several runs can train in one process, each on its own thread.
/// <code>
/// using TrainingRun run = TrainingRun.Create(RunConfig.FromPreset("demo", "data.source=PHOTOS"));
/// foreach (TrainingEvent e in run.Train(token)) Console.WriteLine(e);
/// </code>
/// The folder holds the configuration, the log, the sample grids and the checkpoints, written so that a crash, a kill or a full disk never
/// damages an older one; <see cref="Resume(string, ResumeOptions?, ImageDataset?)"/> goes on from there with the bits of a run that never
/// stopped.
/// </summary>
/// <remarks>
/// Not thread-safe; use one run from one thread at a time, and a run on a GPU from the thread that opened it. The number of threads of the
/// CPU (training.threads, where it is not 0) and the precision of a GPU's products belong to the process and to the device: the last run
/// that says it decides. No bit of a run depends on the number of threads.
/// </remarks>
public sealed partial class TrainingRun : IDisposable
{
    readonly RunFolder folder;
    readonly ResolvedConfig resolved;
    readonly TrainingState state;
    readonly ImageDataset data;
    readonly bool ownsData;
    readonly TrainingConfig training;
    readonly WatchedSteps steps;
    readonly RunKeeper keeper;
    readonly Queue<TrainingEvent> pending = new();
    // Files of the run that were deleted while it trained and had what is known nowhere else.
    readonly SortedSet<string> lost = new(StringComparer.Ordinal);

    RunLog? log;
    Speed? speed;
    bool inSession, trains;
    // How the session ends, as run.json says it.
    string exit = "";

    /// <summary>The run's folder.</summary>
    public string Folder => folder.Path;

    /// <summary>The configuration, with what the data decided: the number of classes.</summary>
    public RunConfig Config => resolved.Config;

    /// <summary>Number of finished steps.</summary>
    public int Step => state.StepCount;

    /// <summary>Whether all steps are done: there is nothing left to train, unless training.steps grows.</summary>
    public bool IsFinished => state.StepCount >= training.Steps;

    /// <summary>The generator to sample from: the moving average of its weights, where the run keeps one.</summary>
    public Generator Generator => state.Best;

    /// <summary>The discriminator.</summary>
    public Discriminator Discriminator => state.Discriminator;

    /// <summary>
    /// Told what is being prepared before the first step, such as <c>training the feature network: 3/800</c>: a line to be rewritten in
    /// place.
    /// </summary>
    public Action<string>? Preparing { get; set; }

    internal ResolvedConfig Resolved => resolved;

    internal TrainingState State => state;

    internal ImageDataset Data => data;

    internal CheckpointStore Checkpoints => keeper.Checkpoints;

    internal RunFolder Files => folder;

    /// <summary>
    /// Trains to the last step, until the time limit, or until it is cancelled; tells what happens, in order. Work is done while the caller
    /// asks for the next event: a loop that is left early leaves the steps since the newest checkpoint behind, so end it by
    /// <paramref name="cancellation"/>, which finishes the step, saves and says <see cref="Ended"/>, and is no exception. Can be called
    /// again.
    /// </summary>
    /// <exception cref="DivergedException">
    /// Losses or weights are NaN or infinite, the discriminator has won or the generator has collapsed, and watch.action does not say to go
    /// on.
    /// </exception>
    /// <exception cref="RunFileException">The last checkpoint cannot be written. (An earlier one that fails is a
    /// <see cref="Warning"/>.)</exception>
    /// <exception cref="DataException">An image that is decoded on demand has gone.</exception>
    public IEnumerable<TrainingEvent> Train(CancellationToken cancellation = default)
    {
        if (trains) throw new InvalidOperationException($"{Folder}: the run trains already; end the loop over its events before another "
            + "one begins.");
        (trains, exit) = (true, "left");
        EndReason? ended = IsFinished ? EndReason.Finished : null;
        bool nothingToDo = ended != null;
        long began = Stopwatch.GetTimestamp();
        try
        {
            if (!nothingToDo) Do(Begin);
            foreach (TrainingEvent e in Told()) yield return e;
            if (!nothingToDo) Do(Prepare);
            while (ended == null)
            {
                bool stepped = Do(Advance);
                foreach (TrainingEvent e in Told()) yield return e;
                if (!stepped) continue;
                // Asked once: a signal that comes after the save waits for the next step, which is saved.
                bool stop = cancellation.IsCancellationRequested,
                    timeUp = training.MaxTime is { } limit && Stopwatch.GetElapsedTime(began) >= limit;
                if (Do(() => Keep(isLast: stop || timeUp)))
                    ended = IsFinished ? EndReason.Finished : stop ? EndReason.Cancelled : timeUp ? EndReason.TimeLimit : null;
                foreach (TrainingEvent e in Told()) yield return e;
            }
            if (!nothingToDo) Do(() => Conclude(ended.Value));
            EndSession();
            Tell(new Ended(Step, ended.Value));
            foreach (TrainingEvent e in Told()) yield return e;
            if (lost.Count > 0 && ended != EndReason.Cancelled) throw Lost();
        }
        finally
        {
            trains = false;
            EndSession();
            steps.Dispose();
            log?.Dispose();
            log = null;
        }
    }

    /// <summary>Saves a checkpoint of the current step, unless it is there. Only between two loops over <see cref="Train"/>.</summary>
    /// <exception cref="RunFileException">The disk is full; the older checkpoints are as they were.</exception>
    public void Save() => keeper.Save(steps.WatchState);

    /// <summary>
    /// Images of the run's fixed noise by <see cref="Generator"/>, which is left as it was; the first ones are those of the sample grids.
    /// </summary>
    /// <param name="count">How many.</param>
    public Image[] Samples(int count) => keeper.Samples(count);

    /// <summary>Closes the folder, and with it the images where the run opened them.</summary>
    public void Dispose()
    {
        if (inSession && exit.Length == 0) exit = "not trained";
        EndSession();
        steps.Dispose();
        log?.Dispose();
        folder.Dispose();
        if (ownsData) data.Dispose();
    }

    /// <summary>A line of log.txt, for what the program around the run has to say of it.</summary>
    internal void Say(string text) => folder.Say(text);

    // False where the work failed and the run went back: the next step is another one.
    bool Do(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (DivergedException e)
        {
            exit = "diverged";
            if (Config.Watch.Action == WatchAction.RollBack && RollBack(e))
            {
                exit = "left";
                return false;
            }
            DivergedException ended = Diverged(e);
            GoOnIfItFails(() => folder.Say(ended.Message));
            throw ended;
        }
        catch
        {
            exit = "error";
            throw;
        }
    }

    void Tell(TrainingEvent e) => pending.Enqueue(e);

    // What has happened since, written down before the caller hears of it. A disk that is full for a while costs a line of the log, not the
    // run.
    IEnumerable<TrainingEvent> Told()
    {
        while (pending.TryDequeue(out TrainingEvent? e))
        {
            if (e is Warning)
                try
                {
                    log?.Write(e);
                }
                catch (Exception full) when (IsOfTheDisk(full))
                {
                    // It may be of just that.
                }
            else GoOnIfItFails(() => log?.Write(e));
            yield return e;
        }
    }

    void Begin()
    {
        if (!inSession) BeginSession();
        OpenLog();
        if (Config.Model.GrowFrom > 0) Tell(new Note(Step, $"growing: {GrowthSchedule.Describe(Config)}"));
        Tell(new Started(Step, training.Steps, Folder, state.Generator.ParameterCount, state.Discriminator.ParameterCount, data.Count));
    }

    void Prepare()
    {
        string real = folder.File($"{RunFolder.Samples}/{RunFolder.RealImages}");
        if (!File.Exists(real)) ImageFile.Save(real, data.Grid());
        keeper.PrepareMeasure((step, all) => Preparing?.Invoke($"training the feature network: {step}/{all}"));
        if (training.AttentionEvery > 0 && Step == 0) GoOnIfItFails(keeper.DrawMaps);
        OpenSteps();
    }

    void OpenLog()
    {
        log?.Dispose();
        log = new RunLog(folder, state, data, resolved.ToJson());
    }

    void OpenSteps()
    {
        steps.Open();
        speed = new Speed(training.Batch, Step, TimeProvider.System);
    }

    // One step.
    void Advance()
    {
        int step = Step + 1;
        StepReport r = steps.Next(isWanted: IsLogged(step) || Every(training.SaveEvery, step));
        speed!.Passed(step);
        Tell(new StepDone(step, training.Steps, r.DLoss, r.GLoss, [.. steps.Gammas.Where(g => g.Name.StartsWith('g')).Select(g => g.Value)],
            speed.ImagesPerSecond, speed.For(training.Steps - step)));
    }

    // What is due after a step: a checkpoint, a line of numbers, samples.
    void Keep(bool isLast)
    {
        int step = Step;
        // A checkpoint knows what its watchdog has seen.
        if (isLast) steps.Look();
        if (isLast || step == training.Steps) Save();
        else if (Every(training.SaveEvery, step)) GoOnIfItFails(Save);
        if (IsLogged(step)) GoOnIfItFails(Restore);
        if (IsLogged(step) || keeper.Measures.Count > 0) Tell(new NumbersLogged(step, [.. Numbers()]));
        keeper.Measures = [];
        if (Every(training.SampleEvery, step)) GoOnIfItFails(keeper.DrawSamples);
        if (Every(training.AttentionEvery, step)) GoOnIfItFails(keeper.DrawMaps);
    }

    IEnumerable<(string Name, double Value)> Numbers()
    {
        StepReport r = steps.Seen;
        return
        [
            ("d_loss", r.DLoss), ("g_loss", r.GLoss), ("d_real", r.DReal), ("d_fake", r.DFake),
            ("images_per_s", speed!.ImagesPerSecond), ("wait_ms", steps.WaitPerStep()),
            .. steps.Gammas.Select(g => ($"gamma.{g.Name}", (double)g.Value)),
            .. state.SingularValues().Select(v => ($"sigma.{v.Name}", (double)v.Value)), .. state.Step.Metrics, .. keeper.Measures,
        ];
    }

    void Conclude(EndReason reason)
    {
        exit = reason switch { EndReason.Finished => "finished", EndReason.TimeLimit => "time limit", _ => "interrupted" };
        if (steps.Ending is { } won) Tell(new Warning(Step, won));
        if (reason == EndReason.Cancelled) return;
        keeper.DrawSamples();
        if (training.AttentionEvery > 0) keeper.DrawMaps();
    }

    bool IsLogged(int step) => step % training.LogEvery == 0 || step == training.Steps;

    static bool Every(int interval, int step) => interval > 0 && step % interval == 0;

    DivergedException Diverged(DivergedException e)
    {
        string kept = Checkpoints.Steps is [var newest, ..] ? $"the checkpoint of step {newest} is kept." : "no checkpoint was saved yet.";
        string what = e.What.Length > 0 ? e.What : e.Message;
        return new DivergedException($"training diverged: {what}; {kept}", e) { What = what, Since = e.Since };
    }

    // To the best checkpoint, or the newest that is older than the failure, with lower learning rates. False where there is none, or it was
    // done too often.
    bool RollBack(DivergedException e)
    {
        WatchConfig watch = Config.Watch;
        if (keeper.RollBacks >= watch.RollBacks) return false;
        long healthy = Step - (e.Since ?? 0);
        IReadOnlyList<long> saved = Checkpoints.Steps;
        long? step = Checkpoints.Best ?? saved.Cast<long?>().FirstOrDefault(s => s <= healthy) ?? saved.Cast<long?>().LastOrDefault();
        if (step is not { } from) return false;
        double scale = state.LearningRateScale * watch.LearningRateFactor;
        Checkpoint checkpoint = Checkpoints.Open(from);
        // It may be from before the run was resumed with other parts.
        state.Load(checkpoint.OpenFile, change => Tell(new Note(Step, change)));
        state.LearningRateScale = scale;
        keeper.WentBack();
        keeper.RollBacks++;
        Tell(new RolledBack(Step, e.What, scale, keeper.RollBacks, watch.RollBacks));
        OpenLog();
        OpenSteps();
        return true;
    }

    // Files that are deleted while they are open take what is written with them.
    void Restore()
    {
        string[] gone = [.. log!.Lost];
        string[] all = [.. folder.Restore(resolved), .. gone];
        if (all.Length == 0) return;
        lost.UnionWith(all.Where(n => n is not ("config.json" or "config.resolved.json" or "run.json")));
        if (gone.Length > 0) OpenLog();
        Tell(new Warning(Step, $"{Folder}: {string.Join(", ", all)}: deleted while the run trains; begun anew"));
    }

    RunFileException Lost() => new($"{Folder}: {string.Join(", ", lost)}: deleted while the run trained, and begun anew; "
        + "what was in there before is lost. The run itself is whole.");

    // A disk that is full for a while costs a picture, a line of the log or a checkpoint, not the run: the next save tries again.
    void GoOnIfItFails(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (IsOfTheDisk(e))
        {
            Tell(new Warning(Step, $"{e.Message} Training goes on."));
        }
    }

    static bool IsOfTheDisk(Exception e) => e is IOException or UnauthorizedAccessException or RunFileException;
}
