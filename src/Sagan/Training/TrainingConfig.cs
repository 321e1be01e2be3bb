using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Training;

/// <summary>The loop.</summary>
public sealed record TrainingConfig
{
    /// <summary>Generator steps in all.</summary>
    public int Steps { get; init; } = 100_000;

    /// <summary>Images per step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>
    /// Parts that a batch is cut into, one computed after the other: less memory, the same gradients but for batch normalisation, which
    /// sees one part.
    /// </summary>
    public int Accumulation { get; init; } = 1;

    /// <summary>Discriminator steps per generator step.</summary>
    public int DSteps { get; init; } = 1;

    /// <summary>Steps that networks which grow spend at each size, after it has faded in.</summary>
    public int GrowSteps { get; init; } = 1000;

    /// <summary>Steps over which the blocks of a new size fade in.</summary>
    public int FadeSteps { get; init; } = 1000;

    /// <summary>Which classes the fakes of a conditional model are made for.</summary>
    public FakeClassKind FakeClasses { get; init; } = FakeClassKind.Uniform;

    /// <summary>Decay of the exponential moving average of the generator's weights; 0 = none is kept.</summary>
    public double EmaDecay { get; init; } = 0.999;

    /// <summary>Step at which the average begins; before it, it is a copy of the weights.</summary>
    public int EmaStart { get; init; }

    /// <summary>Seed of everything random. Same seed, same bits, whatever the number of threads.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The device's name, see <c>sagan devices</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>
    /// What factors of products may be rounded to, with PyTorch's meaning: <c>highest</c> is float32, <c>high</c> TF32, <c>medium</c> BF16,
    /// on NVIDIA GPUs with tensor cores.
    /// </summary>
    public MatMulPrecision MatMulPrecision { get; init; }

    /// <summary>How convolutions are done: <c>auto</c> as is fastest, <c>direct</c> as plain sums.</summary>
    public ConvolutionAlgorithm Convolution { get; init; }

    /// <summary>Threads of the CPU device; 0 = one for each processor.</summary>
    public int Threads { get; init; }

    /// <summary>Steps between two grids of samples; 0 = only at the end.</summary>
    public int SampleEvery { get; init; } = 500;

    /// <summary>
    /// Steps between two pictures of the generator's attention maps, with the numbers behind them, from step 0 on; 0 = none. No bit of the
    /// run depends on it. Each costs the forward pass of four images.
    /// </summary>
    public int AttentionEvery { get; init; }

    /// <summary>Steps between two checkpoints; 0 = only at the end.</summary>
    public int SaveEvery { get; init; } = 1000;

    /// <summary>
    /// What tells the best checkpoint, which is kept whatever its age and noted in the log; looked at whenever one is saved.
    /// </summary>
    public BestKind Best { get; init; } = BestKind.None;

    /// <summary>How many checkpoints to keep.</summary>
    public int Keep { get; init; } = 3;

    /// <summary>How many grids of samples, and how many pictures of maps, to keep, spread evenly over the run; 0 = all. As many go to
    /// TensorBoard.</summary>
    public int KeepSamples { get; init; } = 200;

    /// <summary>Steps between two lines of metrics.jsonl.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Write event files for TensorBoard, with histograms and images, into the run's folder tb.</summary>
    public bool TensorBoard { get; init; } = true;

    /// <summary>Save and stop after this time; null = no limit.</summary>
    public TimeSpan? MaxTime { get; init; }

    internal void Validate(ConfigRules rules, ModelConfig model, DataConfig data)
    {
        rules.Range("steps", Steps, 1, int.MaxValue);
        rules.Range("batch", Batch, 1, 65536);
        rules.Range("accumulation", Accumulation, 1, 65536);
        if (Accumulation >= 1)
            rules.Require("batch", Batch, Batch % Accumulation == 0,
                $"must be a multiple of training.accumulation, {Accumulation}: the parts are equal");
        rules.Range("growSteps", GrowSteps, 1, int.MaxValue);
        rules.Range("fadeSteps", FadeSteps, 0, int.MaxValue, "0 = none: a new size is there at once");
        rules.Range("dSteps", DSteps, 1, 1000);
        rules.Require("emaDecay", EmaDecay, EmaDecay is >= 0 and < 1, "must be at least 0 and below 1; 0.999 is usual, 0 keeps no average");
        rules.Range("emaStart", EmaStart, 0, int.MaxValue);
        rules.Require("device", Device, Device.Length > 0, $"must name a device; `{ShellCommand.Of("devices")}` lists them");
        rules.Range("threads", Threads, 0, 255, "0 = one for each processor");
        rules.Range("sampleEvery", SampleEvery, 0, int.MaxValue, "0 = only at the end");
        rules.Range("attentionEvery", AttentionEvery, 0, int.MaxValue, "0 = never");
        if (AttentionEvery > 0)
            rules.Require("attentionEvery", AttentionEvery, model.GAttention.Count > 0 && model.Attention.Similarity.HasSoftmax(),
                "the generator has no attention with maps (model.gAttention, model.attention.similarity); set 0");
        rules.Range("saveEvery", SaveEvery, 0, int.MaxValue, "0 = only at the end");
        rules.Range("keep", Keep, 1, 100_000);
        rules.Require("keepSamples", KeepSamples, KeepSamples is 0 or >= 3, "must be at least 3, or 0, which keeps all");
        rules.Require("best", Words.Of(Best), Best != BestKind.Consistency || CreatureConsistency.IsOf(data.Source, model.Channels),
            "consistency is a measure of the built-in creatures with 3 channels; take proxy-fid");
        rules.Range("logEvery", LogEvery, 1, int.MaxValue);
        rules.Require("maxTime", MaxTime?.ToString() ?? "null", MaxTime is null || MaxTime > TimeSpan.Zero,
            "must be longer than nothing; null = no limit");
    }
}

/// <summary>What tells the best checkpoint.</summary>
public enum BestKind
{
    /// <summary>Nothing: there is none.</summary>
    None,

    /// <summary>The lowest proxy-FID of 2048 images against the data; see docs/metrics.md.</summary>
    ProxyFid,

    /// <summary>The highest consistency of 512 images of the built-in creatures.</summary>
    Consistency,
}

/// <summary>Which classes fakes are made for.</summary>
public enum FakeClassKind
{
    /// <summary>Each class as often.</summary>
    Uniform,

    /// <summary>Those of the real images of the step.</summary>
    Real,
}
