using System.Globalization;
using Sagan.Native.Data;
using Sagan.Native.Interchange;
using Sagan.Native.IO;
using Sagan.Native.Metrics;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Training;

// A checkpoint's files.
sealed partial class TrainingState
{
    /// <summary>The files of a checkpoint.</summary>
    public const string ModelFile = "model.safetensors", EmaFile = "ema.safetensors", OptimizerFile = "optim.safetensors";

    /// <summary>The files of a checkpoint and what writes them.</summary>
    public Dictionary<string, Action<Stream>> Files()
    {
        Dictionary<string, Action<Stream>> files =
            new() { [ModelFile] = s => Model().Write(s), [OptimizerFile] = s => Optimizers().Write(s) };
        if (Average != null) files[EmaFile] = s => File(Average.State(), "").Write(s);
        return files;
    }

    /// <summary>About how many bytes these files have: 4 for each number, and some for each name.</summary>
    public long CheckpointBytes => Generator.State().Concat(Discriminator.State()).Concat(Kept()).Concat(Average?.State() ?? [])
        .Sum(s => 4L * s.Parameter.Shape.Count + 2 * s.Name.Length + 100);

    /// <summary>
    /// Restores what <see cref="Files"/> wrote. Each file is checked against the networks before anything is assigned from it. Where the
    /// configuration has changed, what the checkpoint lacks beside the networks (LeCam's averages, an augmentation's probability, moments,
    /// the moving average) can begin anew, and what is no longer wanted be left behind.
    /// </summary>
    /// <param name="open">Opens a file of the checkpoint by name; null where there is none.</param>
    /// <param name="changed">Is told of each such change; null: there may be none.</param>
    public void Load(Func<string, Stream?> open, Action<string>? changed = null)
    {
        using SafetensorsReader model = Open(open, ModelFile), optimizers = Open(open, OptimizerFile);
        StateDict.Load(model, Generator.State(), "g.");
        StateDict.Load(model, Discriminator.State(), "d.");
        if (changed == null) StateDict.Load(optimizers, Kept());
        else LoadWhatIsThere(optimizers, changed);
        LoadAverage(open, changed);
        StepCount = Count(optimizers, "sagan.step");
        GeneratorOptimizer.StepCount = Count(optimizers, "sagan.g_steps");
        DiscriminatorOptimizer.StepCount = Count(optimizers, "sagan.d_steps");
        ReadMissed(optimizers, "sagan.g_missed", GeneratorOptimizer);
        ReadMissed(optimizers, "sagan.d_missed", DiscriminatorOptimizer);
        LearningRateScale = optimizers.Metadata.TryGetValue("sagan.lr_scale", out string? scale)
            && double.TryParse(scale, NumberStyles.Float, CultureInfo.InvariantCulture, out double s) && s is > 0 and <= 1 ? s : 1;
        if (Discriminator.Random is { } random) random.Offset = (ulong)Number(optimizers, "sagan.d_dropout");
        if (Ema != null) Ema.UpdateCount = StepCount;
    }

    // All that is kept beside the networks begins as 0.
    void LoadWhatIsThere(SafetensorsReader file, Action<string> changed)
    {
        (string Name, Parameter Parameter)[] kept = [.. Kept()], missing = [.. kept.Where(k => !file.Contains(k.Name))];
        HashSet<string> names = [.. kept.Select(k => k.Name)];
        string[] surplus = [.. file.Entries.Select(e => e.Name).Where(n => !names.Contains(n)).Order(StringComparer.Ordinal)];
        using RenamedTensorFile wanted = new(file, n => names.Contains(n) ? n : null);
        StateDict.Load(wanted, kept.Except(missing));
        foreach ((_, Parameter p) in missing) p.Assign(new float[p.Shape.Count]);
        if (missing.Length > 0) changed($"the checkpoint has no {List([.. missing.Select(m => m.Name)])}: begun anew");
        if (surplus.Length > 0) changed($"{List(surplus)} of the checkpoint: no longer used, and left behind");

        static string List(string[] names) => string.Join(", ", names.Take(4)) + (names.Length > 4 ? $" and {names.Length - 4} more" : "");
    }

    void LoadAverage(Func<string, Stream?> open, Action<string>? changed)
    {
        using Stream? stream = Average != null || changed != null ? open(EmaFile) : null;
        if (stream != null && Average != null)
        {
            using SafetensorsReader ema = new(stream, EmaFile);
            StateDict.Load(ema, Average.State());
        }
        else if (stream != null) changed!("the moving average of the checkpoint: no longer used, and left behind");
        else if (Ema != null)
        {
            if (changed == null)
                throw new RunFileException($"the checkpoint has no {EmaFile}, and the run keeps a moving average; --allow-change begins a "
                    + "new one.");
            Ema.Begin();
            changed("the checkpoint has no moving average: begun anew, as a copy of the generator");
        }
    }

    static SafetensorsReader Open(Func<string, Stream?> open, string name) =>
        new(open(name) ?? throw new RunFileException($"the checkpoint has no {name}; the file was not written by this program."), name);

    SafetensorsWriter Model() =>
        File(Generator.State().Select(s => ($"g.{s.Name}", s.Parameter))
            .Concat(Discriminator.State().Select(s => ($"d.{s.Name}", s.Parameter))), "");

    SafetensorsWriter Optimizers()
    {
        SafetensorsWriter file = File(Kept(), "");
        file.Metadata["sagan.g_steps"] = $"{GeneratorOptimizer.StepCount}";
        file.Metadata["sagan.d_steps"] = $"{DiscriminatorOptimizer.StepCount}";
        if (Config.Model.GrowFrom > 0)
        {
            file.Metadata["sagan.g_missed"] = string.Join(',', GeneratorOptimizer.SkippedSteps.ToArray());
            file.Metadata["sagan.d_missed"] = string.Join(',', DiscriminatorOptimizer.SkippedSteps.ToArray());
        }
        if (LearningRateScale != 1) file.Metadata["sagan.lr_scale"] = LearningRateScale.ToString("R", CultureInfo.InvariantCulture);
        if (Discriminator.Random is { } random) file.Metadata["sagan.d_dropout"] = $"{random.Offset}";
        return file;
    }

    SafetensorsWriter File(IEnumerable<(string Name, Parameter Parameter)> state, string prefix)
    {
        SafetensorsWriter file = new();
        file.Metadata["format"] = "pt";
        file.Metadata["sagan.step"] = $"{StepCount}";
        StateDict.Add(file, state, prefix);
        return file;
    }

    // What optim.safetensors holds.
    IEnumerable<(string Name, Parameter Parameter)> Kept() => Moments().Concat(Step.State.Select(p => ($"step.{p.Name}", p)));

    IEnumerable<(string Name, Parameter Parameter)> Moments() =>
        Moments("g", Generator, GeneratorOptimizer).Concat(Moments("d", Discriminator, DiscriminatorOptimizer));

    static IEnumerable<(string Name, Parameter Parameter)> Moments(string prefix, Module module, Adam adam)
    {
        Dictionary<Parameter, string> names = module.State().DistinctBy(s => s.Parameter).ToDictionary(s => s.Parameter, s => s.Name);
        foreach ((Parameter p, Parameter m, Parameter v) in adam.State())
        {
            yield return ($"{prefix}.exp_avg.{names[p]}", m);
            yield return ($"{prefix}.exp_avg_sq.{names[p]}", v);
        }
    }

    static int Count(SafetensorsReader file, string key)
    {
        long n = Number(file, key);
        return n <= int.MaxValue ? (int)n
            : throw new RunFileException($"{OptimizerFile}: the counter '{key}' is {n}, more than any run has.");
    }

    // How many steps each parameter was left out of; in the files of networks that do not grow there is none.
    static void ReadMissed(SafetensorsReader file, string key, Adam adam)
    {
        Span<int> missed = adam.SkippedSteps;
        missed.Clear();
        if (!file.Metadata.TryGetValue(key, out string? text)) return;
        string[] numbers = text.Length <= 12 * missed.Length ? text.Split(',') : [];
        bool valid = numbers.Length == missed.Length;
        for (int i = 0; valid && i < numbers.Length; i++)
            valid = int.TryParse(numbers[i], NumberStyles.None, CultureInfo.InvariantCulture, out missed[i]) && missed[i] <= adam.StepCount;
        if (!valid)
            throw new RunFileException($"{OptimizerFile}: '{key}' must be {missed.Length} counts of at most {adam.StepCount}, one for each "
                + "parameter; the file was not written by this program.");
    }

    static long Number(SafetensorsReader file, string key) =>
        file.Metadata.TryGetValue(key, out string? text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long n)
            ? n
            : throw new RunFileException($"{OptimizerFile}: the counter '{key}' is missing or not a number; the file was not written by "
                + "this program.");
}
