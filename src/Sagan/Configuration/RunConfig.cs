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

    public OptimizerConfig Optimizer { get; init; } = new();

    public TrainingConfig Training { get; init; } = new();

    public DataConfig Data { get; init; } = new();

    public SamplingConfig Sampling { get; init; } = new();
}

/// <summary>The generator and the discriminator.</summary>
public sealed record ModelConfig
{
    public ModelFamily Family { get; init; } = ModelFamily.Dcgan;

    /// <summary>Width and height of an image: a power of two, 16 to 256.</summary>
    public int Size { get; init; } = 64;

    /// <summary>3 (RGB) or 1 (grey).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Components of the latent vector z.</summary>
    public int ZDim { get; init; } = 128;

    /// <summary>Width of the layers at half the image size; it doubles with every halving, down to 4x4.</summary>
    public int ConvDim { get; init; } = 64;

    /// <summary>Sizes of the generator's feature maps that have a self-attention block: powers of two, 4 to Size/2.</summary>
    public IReadOnlyList<int> GAttention { get; init; } = [16, 32];

    /// <summary>Sizes of the discriminator's feature maps that have a self-attention block: powers of two, 4 to Size/2.</summary>
    public IReadOnlyList<int> DAttention { get; init; } = [4, 8];

    /// <summary>No layer is wider than this; 0 = no limit.</summary>
    public int MaxWidth { get; init; }

    public SpectralNormKind SpectralNorm { get; init; } = SpectralNormKind.Torch;

    /// <summary>How weights are first filled.</summary>
    public WeightInit Init { get; init; } = WeightInit.TorchDefault;

    /// <summary>First value of the gamma of every attention block; 0 makes the block begin as the identity.</summary>
    public double InitialGamma { get; init; }

    /// <summary>Number of feature maps that double or halve, 4x4 to Size/2: the number of normalised layers in either network.</summary>
    internal int Stages => BitOperations.Log2((uint)Size) - 2;

    /// <summary>Sizes of the feature maps that can have attention, the same in both networks.</summary>
    internal IEnumerable<int> FeatureMaps
    {
        get
        {
            for (int r = 4; r <= Size / 2; r *= 2) yield return r;
        }
    }

    /// <summary>Channels of the feature map of this size, the same in both networks.</summary>
    internal int Width(int featureMap) => Math.Min(ConvDim * (Size / 2 / featureMap), MaxWidth == 0 ? int.MaxValue : MaxWidth);
}

/// <summary>A family of networks.</summary>
public enum ModelFamily
{
    /// <summary>Transposed convolutions up, strided ones down, self-attention between: heykeetae's Self-Attention-GAN, for any size.</summary>
    Dcgan,
}

/// <summary>How the convolutions are spectrally normalised.</summary>
public enum SpectralNormKind
{
    /// <summary>As <c>torch.nn.utils.spectral_norm</c>: u and v move in training only; the rows of a transposed convolution's matrix are its outputs.</summary>
    Torch,

    /// <summary>As heykeetae's Self-Attention-GAN: u and v move in every forward pass; the rows of a transposed convolution's matrix are its inputs.</summary>
    Heykeetae,

    /// <summary>Not at all. A gradient penalty and spectral normalisation get in each other's way.</summary>
    None,
}

/// <summary>What the two networks play for.</summary>
public sealed record LossConfig
{
    public LossKind Kind { get; init; } = LossKind.Hinge;

    /// <summary>Weight of the gradient penalty; unused by hinge.</summary>
    public double Lambda { get; init; } = 10;
}

/// <summary>A pair of losses.</summary>
public enum LossKind
{
    /// <summary>D: mean relu(1 - D(x)) + mean relu(1 + D(G(z))); G: -mean D(G(z)).</summary>
    Hinge,

    /// <summary>D: mean D(G(z)) - mean D(x) + lambda mean (|grad D| - 1)^2, one optimiser step; G: -mean D(G(z)).</summary>
    WganGp,

    /// <summary>The same, with an optimiser step of its own for the penalty, as heykeetae's code does.</summary>
    WganGpTwoStep,
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
}

/// <summary>The loop.</summary>
public sealed record TrainingConfig
{
    /// <summary>Generator steps in all.</summary>
    public int Steps { get; init; } = 100_000;

    /// <summary>Images per step.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>Discriminator steps per generator step.</summary>
    public int DSteps { get; init; } = 1;

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

    /// <summary>How many checkpoints to keep.</summary>
    public int Keep { get; init; } = 3;

    /// <summary>Steps between two lines of metrics.jsonl.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Save and stop after this time; null = no limit.</summary>
    public TimeSpan? MaxTime { get; init; }
}

/// <summary>The images to learn from.</summary>
public sealed record DataConfig
{
    /// <summary>A folder, zip, IDX or CIFAR file, or <c>creatures</c>, the built-in set.</summary>
    public string Source { get; init; } = "creatures";

    /// <summary>Mirror half of the images left to right.</summary>
    public bool Flip { get; init; }

    public CropKind Crop { get; init; } = CropKind.Centre;

    /// <summary>Side of the centre crop in pixels of the original; 0 = the short side.</summary>
    public int CropPixels { get; init; }

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
}
