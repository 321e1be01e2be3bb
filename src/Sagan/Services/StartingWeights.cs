using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.IO;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>
/// <c>sagan train --from</c>: a new run whose networks begin as those of another, with fresh moments, at step 0. The generator begins as the moving average,
/// where one was kept, unless its weights themselves are asked for, and the new average as a copy of it.
/// </summary>
static class StartingWeights
{
    const string Model = "model.";

    /// <summary>The model of the other run: the new one's, where nothing else is asked for. The number of classes is the data's.</summary>
    public static IReadOnlyList<FlagValue> ModelOf(string source, CliContext context) =>
    [
        .. ResolvedConfig.Texts(TrainedModel.Find(source, context).Config)
            .Where(v => v.Path.StartsWith(Model, StringComparison.Ordinal) && v.Path != "model.classes")
            .Select(v => new FlagValue($"--from {source}", v.Path, v.Text)),
    ];

    /// <summary>Loads both networks. Throws <see cref="UsageException"/> that names what differs where they do not fit.</summary>
    /// <param name="state">A fresh one.</param>
    /// <param name="source">A run or checkpoint folder.</param>
    /// <param name="ema">The moving average into the generator, where there is one.</param>
    /// <param name="context">Is told of checkpoints that are passed over.</param>
    /// <returns>What was loaded, in words.</returns>
    public static string Load(TrainingState state, string source, bool ema, CliContext context)
    {
        (Checkpoint checkpoint, RunConfig theirs) = TrainedModel.Find(source, context);
        bool average = ema && File.Exists(checkpoint.File(TrainingState.EmaFile));
        try
        {
            using SafetensorsReader model = new(checkpoint.File(TrainingState.ModelFile));
            using SafetensorsReader? smooth = average ? new SafetensorsReader(checkpoint.File(TrainingState.EmaFile)) : null;
            StateDict.Load(smooth ?? model, state.Generator.State(), average ? "" : "g.");
            StateDict.Load(model, state.Discriminator.State(), "d.");
        }
        catch (TensorFileException e) when (e is not SafetensorsException)
        {
            string[] differences = [.. ResolvedConfig.Differences(theirs, state.Config).Where(d => d.Path.StartsWith(Model, StringComparison.Ordinal))
                .Select(d => $"{d.Path} is {d.Before} there and {d.After} here")];
            string what = differences.Length == 0
                ? e.Message.TrimEnd('.')
                : $"{string.Join("; ", differences)}. Both runs need the same networks: leave these as they are there";
            throw new UsageException($"--from {source}: its networks are others: {what}.", e);
        }
        state.Ema?.Begin();
        return $"the networks begin as those of {checkpoint.Folder}, step {checkpoint.Step}{(average ? ", the generator as its moving average" : "")}";
    }
}
