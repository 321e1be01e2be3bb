using Sagan.Native.Configuration;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Interchange;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Sampling;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Training;

/// <summary>
/// A trained run, opened to make images; no data set is read, and nothing in its folder is changed, so that it can be opened while it
/// trains.
/// <code>
/// SaganRun run = SaganRun.Load("runs/flowers");
/// Image[] images = run.Sample(16, seed: 7);
/// </code>
/// </summary>
/// <remarks>
/// <see cref="Sample"/> is thread-safe: calls from several threads are computed one after the other, as a web endpoint needs it, and what a
/// call returns depends on its arguments alone. On a GPU stay with the thread that loaded it. The networks themselves are not thread-safe.
/// </remarks>
public sealed class SaganRun
{
    readonly Lock gate = new();
    readonly Lazy<Discriminator> discriminator;

    SaganRun(Checkpoint checkpoint, RunConfig config, Generator generator, bool isAverage)
    {
        (Checkpoint, Config, Generator, IsAverage) = (checkpoint, config, generator, isAverage);
        Classes = [.. checkpoint.State["classes"]?.AsArray().Select(c => c!.GetValue<string>()) ?? []];
        discriminator = new Lazy<Discriminator>(LoadDiscriminator);
    }

    /// <summary>Opens a run folder (its newest sound checkpoint) or a checkpoint folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="average">The generator as the moving average of its weights, where the run kept one; false: as the weights
    /// themselves.</param>
    /// <param name="device">Where to compute; null: where the run was trained.</param>
    /// <exception cref="RunFileException">There is no run, none of its checkpoints is sound, or the generator has NaN or
    /// infinity.</exception>
    /// <exception cref="DeviceUnavailableException">The device is not there.</exception>
    public static SaganRun Load(string path, bool average = true, string? device = null) => Load(path, average, device, _ => { });

    /// <summary>The same, telling of checkpoints that are passed over.</summary>
    internal static SaganRun Load(string path, bool average, string? device, Action<string> warn)
    {
        SaganRun run = Open(path, average, device, warn);
        RunDevice.Prepare(run.Config.Training, warn);
        return run;
    }

    /// <summary>
    /// The same without what the run wants of the process and of the device: for who looks at a run where another one may be training.
    /// </summary>
    internal static SaganRun Open(string path, bool average, string? device, Action<string> warn)
    {
        (Checkpoint checkpoint, RunConfig config) = Find(path, warn);
        if (device != null) config = config with { Training = config.Training with { Device = device } };
        Generator generator = Generator.Create(config.Model, Unfilled(config));
        bool isAverage = average && File.Exists(checkpoint.File(TrainingState.EmaFile));
        using SafetensorsReader file = new(checkpoint.File(isAverage ? TrainingState.EmaFile : TrainingState.ModelFile));
        StateDict.Load(file, generator.State(), isAverage ? "" : "g.");
        foreach ((string name, Parameter p) in generator.State())
            if (NonFinite.In(p.Value.ToArray()) is { } what)
                throw new RunFileException($"{checkpoint.Folder}: the generator's '{name}' has {what}, so that it makes no images; "
                    + $"take an earlier checkpoint, or {(isAverage ? "--no-ema" : "import other weights")}.");
        generator.Growth = GrowthSchedule.At(config, checkpoint.Step);
        return new SaganRun(checkpoint, config, generator, isAverage);
    }

    /// <summary>The run's configuration.</summary>
    public RunConfig Config { get; }

    /// <summary>The generator.</summary>
    public Generator Generator { get; }

    /// <summary>The discriminator, loaded when it is first asked for.</summary>
    public Discriminator Discriminator => discriminator.Value;

    /// <summary>Number of training steps behind it.</summary>
    public long Step => Checkpoint.Step;

    /// <summary>The folder of the checkpoint that was opened.</summary>
    public string Folder => Checkpoint.Folder;

    /// <summary>The folder of the run that the checkpoint lies in; null where it was taken away from it.</summary>
    public string? Run => RunOf(Folder);

    static string? RunOf(string checkpoint)
    {
        string? above = Path.GetDirectoryName(Path.GetFullPath(checkpoint));
        return Path.GetFileName(above) == RunFolder.Checkpoints ? Path.GetDirectoryName(above) : null;
    }

    /// <summary>Whether the generator is the moving average of its weights.</summary>
    public bool IsAverage { get; }

    /// <summary>Names of the classes of a conditional model, by number, where the run knew them.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The class's name, or its number where no names are known.</summary>
    public string NameOf(int label) => label < Classes.Count ? Classes[label] : $"{label}";

    /// <summary>Where it computes.</summary>
    public Device Device => Device.Parse(Config.Training.Device);

    internal Checkpoint Checkpoint { get; }

    /// <summary>Makes images. Thread-safe.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of the noise: the same seed makes the same images.</param>
    /// <param name="classes">The class of each, by number, in a conditional model; null: all classes in turn.</param>
    /// <param name="statistics">Of batch normalisation; null: as the run is configured.</param>
    /// <returns>Images of model.size, with model.channels.</returns>
    /// <exception cref="DivergedException">The generator makes NaN or infinity.</exception>
    public Image[] Sample(int count, ulong seed = 1, IReadOnlyList<int>? classes = null, NormStatistics? statistics = null)
    {
        int[]? labels = Labels(count, classes);
        lock (gate)
            return Native.Step.Run(() => Sampler.Images(Generator, Latent(count, seed), statistics ?? Config.Sampling.Statistics, labels));
    }

    /// <summary>The attention layers of both networks, the generator's first: <c>g.attn1</c>, <c>d.attn1</c>, ...</summary>
    public IReadOnlyList<AttentionLayer> AttentionLayers() =>
        [.. Inspection.AttentionLayers.Of(Generator), .. Inspection.AttentionLayers.Of(Discriminator)];

    /// <summary>The images of <see cref="Sample"/>, with what the generator's attention layers computed on the way. Thread-safe.</summary>
    /// <param name="count">How many, at most <see cref="AttentionPass.MostSamples"/>.</param>
    /// <param name="seed">Of the noise.</param>
    /// <param name="classes">The class of each, by number, in a conditional model; null: all classes in turn.</param>
    /// <param name="statistics">Of batch normalisation; null: as the run is configured.</param>
    public AttentionPass Attention(int count, ulong seed = 1, IReadOnlyList<int>? classes = null, NormStatistics? statistics = null)
    {
        int[]? labels = Labels(count, classes);
        lock (gate)
            return Native.Step.Run(() => AttentionPass.Of(Generator, Latent(count, seed), labels,
                statistics ?? Config.Sampling.Statistics, gate));
    }

    /// <summary>What the discriminator says of images, with what its attention layers computed on the way. Thread-safe.</summary>
    /// <param name="images">Of model.size, with model.channels.</param>
    /// <param name="classes">The class of each, by number, in a conditional model; null: all classes in turn.</param>
    public AttentionPass Attention(IReadOnlyList<Image> images, IReadOnlyList<int>? classes = null)
    {
        int[]? labels = Labels(images.Count, classes);
        lock (gate) return AttentionPass.Of(Discriminator, images, Device, labels, gate);
    }

    /// <summary>
    /// An image of the run's sample grids as this checkpoint makes it, with what the generator's attention layers computed on the way, and
    /// which sample of the pass it is. Thread-safe.
    /// </summary>
    /// <param name="sample">Its number in the grid: 0 to sampling.images - 1.</param>
    internal (AttentionPass Pass, int Sample) GridAttention(int sample)
    {
        (int count, NormStatistics statistics) = (Config.Sampling.Images, Config.Sampling.Statistics);
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sample, count);
        // By running statistics an image knows nothing of the others.
        (int start, int end) = statistics == NormStatistics.Running ? (sample, sample + 1)
            : Sampler.Batches(count).First(b => sample < b.End);
        int[]? classes = TrainingState.FixedClasses(Config, count)?[start..end];
        lock (gate)
            return (Native.Step.Run(() => AttentionPass.Of(Generator,
                Ops.Slice(TrainingState.FixedZ(Config, count, Device), 0, start, end - start), classes, statistics, gate)), sample - start);
    }

    /// <summary>One query of a layer, forward and backward. Thread-safe.</summary>
    /// <param name="layer">One of <see cref="AttentionLayers"/> that has maps.</param>
    /// <param name="query">Row Size + column; null: the one whose map is least like the mean.</param>
    /// <param name="pixel">Whose brightness is differentiated, of a generator's image; null: the one in the middle of the query's square.
    /// A discriminator's score has none.</param>
    /// <param name="head">From 0.</param>
    /// <param name="seed">Of the noise: the image is the first one that the generator makes of it.</param>
    /// <param name="label">The image's class, in a conditional model; null: the first.</param>
    /// <param name="image">Another image for the discriminator, such as a real one; null: that of the seed.</param>
    /// <exception cref="ArgumentException">The layer has no maps, a pixel is given for the discriminator, or an image for the generator.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such query, head or pixel.</exception>
    public AttentionQuery AttentionAt(AttentionLayer layer, int? query = null, (int Row, int Column)? pixel = null, int head = 0,
        ulong seed = 1, int? label = null, Image? image = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        if (layer.Problem is { } problem) throw new ArgumentException($"{problem}.", nameof(layer));
        if (layer.IsGenerator && image != null)
            throw new ArgumentException($"{layer.Name}: makes its image from noise; leave the image out.", nameof(image));
        if (!layer.IsGenerator && pixel != null)
            throw new ArgumentException($"{layer.Name}: a score has no pixel; leave it out.", nameof(pixel));
        Within(head, layer.Heads, nameof(head));
        if (query is { } q) Within(q, layer.Size * layer.Size, nameof(query));
        if (pixel is { } p)
        {
            Within(p.Row, Config.Model.Size, nameof(pixel));
            Within(p.Column, Config.Model.Size, nameof(pixel));
        }
        NormStatistics statistics = Config.Sampling.Statistics;
        // A batch of one has no statistics of its own.
        int count = statistics == NormStatistics.Batch ? 16 : 1;
        int[]? labels = Labels(count, label is { } one ? [.. Enumerable.Repeat(one, count)] : null);
        int At(AttentionPass pass) => query ?? QueryPoints.MostDifferent(pass[layer.Name], sample: 0, count: 1, head)[0];
        if (layer.IsGenerator)
        {
            int at = At(Attention(count, seed, labels));
            lock (gate)
                return Native.Step.Run(() =>
                    Inspection.AttentionQuery.Of(Generator, layer, at, head, pixel, Latent(count, seed), labels, statistics));
        }
        Image shown = image ?? Sample(count, seed, labels)[0];
        int from = At(Attention([shown], labels?[..1]));
        lock (gate) return Inspection.AttentionQuery.Of(Discriminator, layer, from, head, shown, labels?[..1], Device);
    }

    static void Within(int value, int end, string name)
    {
        if (value < 0 || value >= end) throw new ArgumentOutOfRangeException(name, value, $"{name} must be 0 to {end - 1}.");
    }

    /// <summary>
    /// The attention maps that the run kept while it trained, by step; none where training.attentionEvery was 0, or the checkpoint was
    /// taken away from its run. Read one after the other, as they are asked for.
    /// </summary>
    /// <exception cref="RunFileException">A record is damaged.</exception>
    public IEnumerable<AttentionRecord> AttentionHistory()
    {
        IReadOnlyList<AttentionLayer> layers = Inspection.AttentionLayers.Of(Generator);
        return Run == null ? [] : RunFolder.MapRecords(Run).Select(r => AttentionRecord.Read(r.File, layers));
    }

    Tensor Latent(int count, ulong seed) => Sampler.Latent(Config.Model, new RandomSource(seed), count, Device);

    int[]? Labels(int count, IReadOnlyList<int>? classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ModelConfig m = Config.Model;
        if (classes != null && (!m.Conditional || classes.Count != count || classes.Any(c => c < 0 || c >= m.Classes)))
            throw new ArgumentException(m.Conditional
                ? $"{count} images take as many classes, each 0 to {m.Classes - 1}."
                : "the model knows no classes; leave them out.", nameof(classes));
        return m.Conditional ? [.. classes ?? [.. Enumerable.Range(0, count).Select(i => i % m.Classes)]] : null;
    }

    Discriminator LoadDiscriminator()
    {
        Discriminator network = Discriminator.Create(Config.Model, Unfilled(Config));
        using SafetensorsReader file = new(Checkpoint.File(TrainingState.ModelFile));
        StateDict.Load(file, network.State(), "d.");
        network.Growth = GrowthSchedule.At(Config, Step);
        network.Train(false);
        return network;
    }

    static Initializer Unfilled(RunConfig config) => new(new RandomSource(0), device: Device.Parse(config.Training.Device));

    /// <summary>The checkpoint that a run or checkpoint folder stands for, and the run's configuration.</summary>
    internal static (Checkpoint Checkpoint, RunConfig Config) Find(string source, Action<string> warn)
    {
        string full = Path.GetFullPath(source);
        if (!Directory.Exists(full)) throw new RunFileException($"{source}: no such run or checkpoint folder.");
        if (File.Exists(Path.Combine(full, Checkpoint.StateFile)))
        {
            Checkpoint checkpoint = Checkpoint.Open(full);
            // Away from its run it has its own configuration; what may lie two folders up is another's.
            string run = RunOf(full) ?? (checkpoint.Config == null ? Path.GetFullPath(Path.Combine(full, "..", "..")) : full);
            return (checkpoint, ReadConfig(run, checkpoint, source));
        }
        CheckpointStore store = CheckpointStore.ForReading(Path.Combine(full, RunFolder.Checkpoints));
        Checkpoint? newest = store.FindNewest(out IReadOnlyList<SkippedCheckpoint> skipped);
        foreach (SkippedCheckpoint s in skipped) warn($"checkpoint {s.Name} is not sound and is passed over: {s.Reason}");
        RunConfig config = ReadConfig(full, newest, source);
        return (newest ?? throw new RunFileException($"{source}: the run has no sound checkpoint."), config);
    }

    // A checkpoint that was moved away from its run has the configuration, too.
    static RunConfig ReadConfig(string run, Checkpoint? checkpoint, string source)
    {
        string file = Path.Combine(run, RunFolder.Config);
        string? content = File.Exists(file) ? null : checkpoint?.Config?.ToJsonString()
            ?? throw new RunFileException($"{source}: is neither a run folder nor a checkpoint of one: there is no {file}.");
        ResolvedConfig resolved = ResolvedConfig.Resolve(new ConfigSources { File = file, Content = content, FileIsComplete = true });
        return RunData.Find(resolved.Config, run);
    }
}
