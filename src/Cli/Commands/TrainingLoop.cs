using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;
using Sagan.Native.Training.Diagnosis;

namespace Sagan.Native.Commands;

/// <summary>What train and resume have in common: a run is trained to its end while the terminal tells of it, and signals end it.</summary>
static class TrainingLoop
{
    /// <summary>Trains, and disposes of the run.</summary>
    /// <param name="training">The run.</param>
    /// <param name="context">Who is told of it.</param>
    /// <param name="view">How the browser shows it; null for not at all.</param>
    public static ExitCode Run(TrainingRun training, CommandContext context, ViewRequest? view = null)
    {
        using TrainingRun run = training;
        // It reads what the run writes: the run knows nothing of it.
        (IDisposable? server, string address) = view == null ? (null, "") : ViewOptions.Show(view, [run.Folder], context);
        using IDisposable? shown = server;
        if (server != null) context.Terminal.Note($"view: {address}");
        Stopwatch clock = Stopwatch.StartNew();
        using ShutdownSignal signal = new(context.Terminal.Note) { Step = run.Step + 1 };
        TrainingConsole console = new(context.Terminal);
        run.Preparing = text => context.Terminal.Live(text);
        try
        {
            ExitCode code = ExitCode.Success;
            List<string> warned = [];
            foreach (TrainingEvent e in run.Train(signal.Token))
            {
                signal.Step = e.Step + 1;
                console.Show(e);
                if (e is Warning warning) warned.Add(warning.Text);
                if (e is Started) SayWhatItNeeds(run, context);
                if (e is not Ended end) continue;
                if (end.Reason == EndReason.Cancelled) code = signal.ExitCode;
                SayWhatIsWrong(run, warned, context);
                Conclude(run, end.Reason, clock, context);
            }
            return code;
        }
        catch (DivergedException e) when (e.What.Length > 0)
        {
            throw new DivergedException($"{e.Message}\n{Advice(run)}", e) { What = e.What, Since = e.Since };
        }
        finally
        {
            console.Finish();
        }
    }

    // Where a batch does not fit, it is better to know before hours have passed; the machine then swaps or ends the process.
    static void SayWhatItNeeds(TrainingRun run, CommandContext context)
    {
        TrainingConfig t = run.Config.Training;
        if (RunEstimate.Quick(run.Config) is { } estimate)
        {
            bool grows = run.Config.Model.GrowFrom > 0;
            Say($"{estimate.Memory(t)}; {estimate.Time(t.Steps - run.Step)}{(grows ? ", if all were of the full size" : "")}");
            if (run.State.Device.IsHost && estimate.TooLarge(t, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) is { } large)
                context.Terminal.Warning(large);
        }
        DiskNeed need = DiskNeed.Of(run.State, run.Step);
        string kept = t.KeepSamples > 0 ? $"; of the grids of samples {t.KeepSamples} are kept, spread over the run (--keep-samples)" : "";
        Say($"on disk: {need}{kept}");
        if (need.Warning(run.Folder) is not { } full) return;
        context.Terminal.Warning(full);
        run.Say($"warning: {full}");

        void Say(string text)
        {
            context.Terminal.Note(text);
            run.Say(text);
        }
    }

    // One sentence, of the gravest that was not said while the run trained.
    static void SayWhatIsWrong(TrainingRun run, List<string> warned, CommandContext context)
    {
        Finding? first = RunDiagnosis.Of(RunHistory.Load(run.Folder))
            .FirstOrDefault(f => f.IsWrong && !warned.Any(w => w.StartsWith(f.Text.Split(" since ")[0], StringComparison.Ordinal)));
        if (first != null) context.Terminal.Warning($"{first}");
    }

    // The picture, the measure where there is one, and what to try next.
    static void Conclude(TrainingRun run, EndReason reason, Stopwatch clock, CommandContext context)
    {
        if (reason == EndReason.Cancelled)
        {
            context.Terminal.Note($"stopped after step {run.Step}; to go on: {ShellCommand.Of("resume", run.Folder)}");
            return;
        }
        if (reason == EndReason.TimeLimit)
            context.Terminal.Note($"the time limit of {run.Config.Training.MaxTime} is reached at step {run.Step}");
        string samples = run.Files.SampleFile(run.Step);
        JsonObject result = new()
        {
            ["run"] = run.Folder,
            ["step"] = run.Step,
            ["samples"] = samples,
            ["seconds"] = Math.Round(clock.Elapsed.TotalSeconds, 1),
        };
        if (CreatureConsistency.IsOf(run.Config.Data.Source, run.Config.Model.Channels))
        {
            CreatureConsistency c = CreatureConsistency.Measure(run.Samples(512));
            context.Result(string.Create(CultureInfo.InvariantCulture, $"consistency of {c.Images} samples: {c.Overall:P0} ({c})"));
            result["consistency"] = c.Overall;
            foreach ((string name, double value) in c.Parts) result[name] = value;
        }
        context.Result($"samples:    {samples}   (real images: {run.Files.File($"{RunFolder.Samples}/{RunFolder.RealImages}")})");
        context.Result($"checkpoint: {run.Files.File($"{RunFolder.Checkpoints}/{Checkpoint.NameOf(run.Step)}")}   log: "
            + $"{run.Files.File(RunFolder.Metrics)}");
        if (reason == EndReason.TimeLimit) context.Result($"next: {ShellCommand.Of("resume", run.Folder)}");
        else
        {
            context.Result($"next: {ShellCommand.Of("sample", run.Folder, "--grid", "4x8", "--seed", "2")}");
            context.Result($"train longer: {ShellCommand.Of("resume", run.Folder, "--steps", $"{2L * run.Step}")}");
            context.Result($"use your own images: {ShellCommand.Of("train", "--data", "FOLDER")}");
        }
        context.ResultJson(result);
    }

    // What to do is a command that works: the run's configuration is in its folder, and half the learning rates is what helps most often.
    static string Advice(TrainingRun run)
    {
        OptimizerConfig o = run.Config.Optimizer;
        string g = Half(o.GLearningRate), d = Half(o.DLearningRate);
        string anew = "Begin anew with half the learning rates (or another --seed): "
            + StartingPoint.CommandAnew(run.Files, "--g-lr", g, "--d-lr", d);
        if (run.Checkpoints.Steps.Count == 0) return anew;
        return "Go on from it with half the learning rates (--watch roll-back does that by itself): "
            + ShellCommand.Of("resume", run.Folder, "--allow-change",
                "--set", $"optimizer.gLearningRate={g}", "--set", $"optimizer.dLearningRate={d}") + "\n" + anew;

        static string Half(double rate) => (rate / 2).ToString("G3", CultureInfo.InvariantCulture);
    }
}
