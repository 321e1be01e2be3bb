using Sagan.Native.Configuration;
using Sagan.Native.Interchange;
using Sagan.Native.IO;
using Sagan.Native.Modules;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Training;

/// <summary>
/// <c>sagan train --from</c>: a new run whose networks begin as those of another, with fresh moments, at step 0. The generator begins as
/// the moving average, where one was kept, unless its weights themselves are asked for, and the new average as a copy of it.
/// </summary>
static class StartingWeights
{
    const string Model = "model.";

    /// <summary>The model of the other run: the new one's, where nothing else is asked for. The number of classes is the data's.</summary>
    public static IReadOnlyList<FlagValue> ModelOf(string source, Action<string> warn) =>
    [
        .. ResolvedConfig.Texts(SaganRun.Find(source, warn).Config)
            .Where(v => v.Path.StartsWith(Model, StringComparison.Ordinal) && v.Path != "model.classes")
            .Select(v => new FlagValue($"--from {source}", v.Path, v.Text)),
    ];

    /// <summary>Loads both networks. Throws <see cref="UsageException"/> that names what differs where they do not fit.</summary>
    /// <param name="state">A fresh one.</param>
    /// <param name="from">The other run.</param>
    /// <param name="warn">Is told of checkpoints that are passed over.</param>
    /// <returns>What was loaded, in words.</returns>
    public static string Load(TrainingState state, StartingPoint from, Action<string> warn)
    {
        (string source, bool freshClasses) = (from.Run, from.FreshClasses);
        (Checkpoint checkpoint, RunConfig theirs) = SaganRun.Find(source, warn);
        bool average = from.Average && File.Exists(checkpoint.File(TrainingState.EmaFile));
        List<string> anew = [];
        try
        {
            using SafetensorsReader model = new(checkpoint.File(TrainingState.ModelFile));
            using SafetensorsReader? smooth = average ? new SafetensorsReader(checkpoint.File(TrainingState.EmaFile)) : null;
            Load(smooth ?? model, state.Generator, average ? "" : "g.", "g.");
            Load(model, state.Discriminator, "d.", "d.");
        }
        catch (TensorFileException e) when (e is not SafetensorsException)
        {
            (string Path, string Before, string After)[] differences = [.. ResolvedConfig.Differences(theirs, state.Config)
                .Where(d => d.Path.StartsWith(Model, StringComparison.Ordinal))];
            string what = differences.Length == 0
                ? e.Message.TrimEnd('.')
                : $"{string.Join("; ", differences.Select(d => $"{d.Path} is {d.Before} there and {d.After} here"))}. "
                    + "Both runs need the same networks: leave these as they are there";
            if (!freshClasses && differences.Length > 0 && differences.All(d => d.Path is "model.classes" or "model.conditional"))
                what += ", or say --fresh-classes, and what belongs to single classes begins anew";
            throw new UsageException($"--from {source}: its networks are others: {what}.", e);
        }
        foreach ((string name, Parameter p) in state.Generator.State().Concat(state.Discriminator.State()))
            if (NonFinite.In(p.Value.ToArray()) is { } what)
                throw new RunFileException($"{checkpoint.Folder}: '{name}' has {what}; take an earlier checkpoint.");
        state.Ema?.Begin();
        string fresh = anew.Count == 0 ? "" : "; anew, because they belong to classes: "
            + $"{string.Join(", ", anew.Take(4))}{(anew.Count > 4 ? $" and {anew.Count - 4} more" : "")}";
        return $"the networks begin as those of {checkpoint.Folder}, step "
            + $"{checkpoint.Step}{(average ? ", the generator as its moving average" : "")}{fresh}";

        void Load(TensorFile file, Module network, string prefix, string shown)
        {
            if (!freshClasses)
            {
                StateDict.Load(file, network.State(), prefix);
                return;
            }
            bool oneHot = state.Config.Model.SharedEmbedding == 0;
            using TensorFile common = new RenamedTensorFile(file,
                name => name.StartsWith(prefix, StringComparison.Ordinal) && !BelongsToClasses(name[prefix.Length..], oneHot) ? name : null,
                    owns: false);
            // An unconditional network's gains and biases become those of every class: it begins with the images it makes.
            Dictionary<string, Parameter> tables = network.State().Where(s => BelongsToClasses(s.Name, oneHot))
                .ToDictionary(s => s.Name, s => s.Parameter);
            foreach ((string name, Parameter table) in tables)
                if (Plain(name) is { } plain && common.Contains(prefix + plain) && common[prefix + plain].Shape is [var channels]
                    && table.Shape.Rank == 2 && table.Shape[1] == channels)
                {
                    float[] row = common.Read<float>(prefix + plain);
                    table.Assign([.. Enumerable.Range(0, table.Shape[0]).SelectMany(_ => row)]);
                }
                else anew.Add(shown + name);
            HashSet<string> spread = [.. tables.Keys.Select(Plain).OfType<string>().Select(n => prefix + n)];
            using TensorFile rest = new RenamedTensorFile(common, name => spread.Contains(name) ? null : name, owns: false);
            StateDict.Load(rest, network.State().Where(s => !tables.ContainsKey(s.Name)), prefix);
        }
    }

    /// <summary>
    /// Whether a parameter belongs to single classes: tables of classes (the shared one, a projection's, those of queries), and gains and
    /// biases of conditional normalisation, where they are tables or layers of the class itself. Layers of shared class vectors serve all
    /// classes.
    /// </summary>
    /// <param name="name">The parameter's.</param>
    /// <param name="oneHot">Whether there are no shared class vectors.</param>
    static bool BelongsToClasses(string name, bool oneHot)
    {
        string[] modules = name.Split('.')[..^1];
        return modules.Any(m => m is "shared" or "embed" or "class_query") || oneHot && modules.Length > 0
            && modules[^1] is ("gain" or "bias");
    }

    // norm1.gain.weight, a table, is norm1.weight in a network without classes; norm1.bias.weight is norm1.bias.
    static string? Plain(string name) =>
        name.EndsWith(".gain.weight", StringComparison.Ordinal) ? name[..^".gain.weight".Length] + ".weight"
        : name.EndsWith(".bias.weight", StringComparison.Ordinal) ? name[..^".weight".Length]
        : null;
}
