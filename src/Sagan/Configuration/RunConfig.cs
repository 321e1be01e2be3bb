using System.Numerics;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Configuration;

/// <summary>
/// Everything that describes a run. Written to the run folder as <c>config.json</c>; the presets are such files with only some of the keys.
/// A key is named by its path, <c>training.batch</c>, the same on the command line (<c>--set</c>), in files and in errors.
/// The values here are the defaults below all presets.
/// </summary>
public sealed record RunConfig
{
    /// <summary>The preset below this configuration.</summary>
    public string Preset { get; init; } = "demo";

    public ModelConfig Model { get; init; } = new();

    public LossConfig Loss { get; init; } = new();

    public AugmentConfig Augment { get; init; } = new();

    public OptimizerConfig Optimizer { get; init; } = new();

    public TrainingConfig Training { get; init; } = new();

    public WatchConfig Watch { get; init; } = new();

    public DataConfig Data { get; init; } = new();

    public SamplingConfig Sampling { get; init; } = new();
}

/// <summary>Adam, with one learning rate for each network.</summary>
public sealed record OptimizerConfig
{
    public double GLearningRate { get; init; } = 1e-4;

    public double DLearningRate { get; init; } = 4e-4;

    public double Beta1 { get; init; }

    public double Beta2 { get; init; } = 0.9;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Where epsilon is added: <c>torch</c> or <c>tensor-flow</c>.</summary>
    public AdamForm AdamForm { get; init; } = AdamForm.Torch;

    /// <summary>The first blocks of the discriminator that stay as they are (FreezeD, for going on with other images: <c>--from</c>); 0 = all learn.</summary>
    public int FreezeD { get; init; }
}

/// <summary>The loop.</summary>
public sealed record TrainingConfig
{
    /// <summary>Generator steps in all.</summary>
    public int Steps { get; init; } = 100_000;

    /// <summary>Images per step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Parts that a batch is cut into, one computed after the other: less memory, the same gradients but for batch normalisation, which sees one part.</summary>
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
    /// What factors of products may be rounded to, with PyTorch's meaning: <c>highest</c> is float32, <c>high</c> TF32, <c>medium</c> BF16, on NVIDIA GPUs with
    /// tensor cores.
    /// </summary>
    public MatMulPrecision MatMulPrecision { get; init; }

    /// <summary>Threads of the CPU device; 0 = one for each processor.</summary>
    public int Threads { get; init; }

    /// <summary>Steps between two grids of samples; 0 = only at the end.</summary>
    public int SampleEvery { get; init; } = 500;

    /// <summary>Steps between two checkpoints; 0 = only at the end.</summary>
    public int SaveEvery { get; init; } = 1000;

    /// <summary>What tells the best checkpoint, which is kept whatever its age and noted in the log; looked at whenever one is saved.</summary>
    public BestKind Best { get; init; } = BestKind.None;

    /// <summary>How many checkpoints to keep.</summary>
    public int Keep { get; init; } = 3;

    /// <summary>How many grids of samples to keep, spread evenly over the run; 0 = all. As many go to TensorBoard.</summary>
    public int KeepSamples { get; init; } = 200;

    /// <summary>Steps between two lines of metrics.jsonl.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Write event files for TensorBoard, with histograms and images, into the run's folder tb.</summary>
    public bool TensorBoard { get; init; } = true;

    /// <summary>Save and stop after this time; null = no limit.</summary>
    public TimeSpan? MaxTime { get; init; }
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

/// <summary>The images to learn from.</summary>
public sealed record DataConfig
{
    /// <summary>A folder, zip, IDX or CIFAR file, or <c>creatures</c>, the built-in set.</summary>
    public string Source { get; init; } = "creatures";

    /// <summary>
    /// Where that was when the run began, as an absolute path: written by the program, so that the run finds its images from any folder.
    /// </summary>
    public string Path { get; init; } = "";

    /// <summary>Names of the classes to learn from, separated by commas; empty = all. Their labels are their places in this list.</summary>
    public string Classes { get; init; } = "";

    /// <summary>Mirror half of the images left to right.</summary>
    public bool Flip { get; init; }

    public CropKind Crop { get; init; } = CropKind.Centre;

    /// <summary>Side of the centre crop in pixels of the original; 0 = the short side.</summary>
    public int CropPixels { get; init; }

    /// <summary>Millions of pixels that an image may have; a larger one counts as one that cannot be read.</summary>
    public int MaxMegapixels { get; init; } = 67;

    /// <summary>True: an image that cannot be read is left out and listed. False: it is an error.</summary>
    public bool SkipBadImages { get; init; } = true;

    /// <summary>Number of images of the built-in set.</summary>
    public int CreatureCount { get; init; } = 10_000;

    /// <summary>Seed of the built-in set.</summary>
    public ulong CreatureSeed { get; init; } = 1;
}

/// <summary>What becomes of an image that is not square.</summary>
public enum CropKind
{
    /// <summary>Its centre is cut out.</summary>
    Centre,

    /// <summary>It is stretched.</summary>
    None,
}

/// <summary>The sample grids made while training.</summary>
public sealed record SamplingConfig
{
    /// <summary>Which statistics batch normalisation uses.</summary>
    public NormStatistics Statistics { get; init; } = NormStatistics.Running;

    /// <summary>Images in a grid.</summary>
    public int Images { get; init; } = 64;
}

/// <summary>Statistics of batch normalisation when sampling.</summary>
public enum NormStatistics
{
    /// <summary>Those gathered in training: an image does not depend on the others of its batch.</summary>
    Running,

    /// <summary>Those of the batch being made, as heykeetae's code does.</summary>
    Batch,

    /// <summary>Means over a number of batches made just before: "standing statistics" (Brock et al. 2019).</summary>
    Standing,
}
