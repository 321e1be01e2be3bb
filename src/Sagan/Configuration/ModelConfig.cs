using System.Numerics;
using Sagan.Native.Modules;

namespace Sagan.Native.Configuration;

/// <summary>The generator and the discriminator.</summary>
public sealed record ModelConfig
{
    public ModelFamily Family { get; init; } = ModelFamily.Dcgan;

    /// <summary>Width and height of an image, 16 to 256: 4, 5, 6 or 7 doubled some times.</summary>
    public int Size { get; init; } = 64;

    /// <summary>3 (RGB), 4 (RGB and alpha) or 1 (grey).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Components of the latent vector z.</summary>
    public int ZDim { get; init; } = 128;

    /// <summary>How z is drawn.</summary>
    public LatentKind Latent { get; init; } = LatentKind.Normal;

    /// <summary>Width of the networks: of the layers at half the image size (dcgan), or what the widths of all layers are multiples of (resnet).</summary>
    public int ConvDim { get; init; } = 64;

    /// <summary>No layer is wider than this; 0 = no limit.</summary>
    public int MaxWidth { get; init; }

    /// <summary>True: both networks are told the class of each image. The generator by conditional batch normalisation, the discriminator by projection.</summary>
    public bool Conditional { get; init; }

    /// <summary>Number of classes of a conditional model; 0 = as many as the data set has, filled in when training begins.</summary>
    public int Classes { get; init; }

    /// <summary>Where the gain and bias of conditional batch normalisation come from.</summary>
    public ConditionalNormKind ConditionalNorm { get; init; } = ConditionalNormKind.Table;

    /// <summary>Width of the class vectors that all layers of the generator share (BigGAN); 0 = none. Takes linear conditional normalisation.</summary>
    public int SharedEmbedding { get; init; }

    /// <summary>True: z is cut into pieces, one for the first layer and one for each block (BigGAN). Takes a shared embedding.</summary>
    public bool HierarchicalZ { get; init; }

    /// <summary>Sizes of the generator's feature maps that have a self-attention block.</summary>
    public IReadOnlyList<int> GAttention { get; init; } = [16, 32];

    /// <summary>Sizes of the discriminator's feature maps that have a self-attention block.</summary>
    public IReadOnlyList<int> DAttention { get; init; } = [4, 8];

    /// <summary>What the attention blocks are like.</summary>
    public AttentionConfig Attention { get; init; } = new();

    public SpectralNormKind SpectralNorm { get; init; } = SpectralNormKind.Torch;

    /// <summary>False: only the discriminator is spectrally normalised.</summary>
    public bool GSpectralNorm { get; init; } = true;

    /// <summary>Whether the layer that makes the pixels is spectrally normalised (resnet).</summary>
    public bool OutputSpectralNorm { get; init; } = true;

    /// <summary>Steps of power iteration at each pass.</summary>
    public int SpectralNormIterations { get; init; } = 1;

    /// <summary>Added to the norms of power iteration under heykeetae and official; under torch no norm that is not 0 needs it.</summary>
    public double SpectralNormEpsilon { get; init; } = 1e-12;

    /// <summary>Added to the variance by batch normalisation.</summary>
    public double BatchNormEpsilon { get; init; } = 1e-5;

    /// <summary>How far the running statistics of batch normalisation move at each step.</summary>
    public double BatchNormMomentum { get; init; } = 0.1;

    /// <summary>True: the running variance of batch normalisation is the biased one, as in the official code. False: the unbiased one, as in PyTorch.</summary>
    public bool BatchNormBiased { get; init; }

    /// <summary>Slope of the leaky ReLU below 0: the discriminator's (dcgan, and resnet, where 0 is usual), or both networks' (upconv).</summary>
    public double? Slope { get; init; }

    /// <summary>What 3x3 convolutions see outside the image (resnet).</summary>
    public PaddingKind Padding { get; init; } = PaddingKind.Zero;

    /// <summary>True: the shortcut of a discriminator block begins after the activation, as an in-place ReLU makes it (StudioGAN). False: before it.</summary>
    public bool ShortcutAfterActivation { get; init; }

    /// <summary>Size of the first images of networks that grow, doubling it up to the full one (Karras et al. 2018); 0 = they do not.</summary>
    public int GrowFrom { get; init; }

    /// <summary>How weights are first filled.</summary>
    public WeightInit Init { get; init; } = WeightInit.TorchDefault;

    /// <summary>First value of the gamma of every attention block; 0 makes the block begin as the identity.</summary>
    public double InitialGamma { get; init; }

    /// <summary>Ten classes where their number depends on data that is not at hand: for estimates and benchmarks.</summary>
    internal ModelConfig WithSomeClasses() => Conditional && Classes == 0 ? this with { Classes = 10 } : this;

    /// <summary>How often the smallest feature map doubles until it is an image.</summary>
    internal int Doublings => BitOperations.Log2((uint)Size / 4);

    /// <summary>Size of the smallest feature map: 4 to 7.</summary>
    internal int Bottom => Size >> Doublings;

    /// <summary>Whether there are networks for this size: it is 4, 5, 6 or 7 doubled two to six times.</summary>
    internal static bool IsSize(int size) => size is >= 16 and <= 256 && size % (1 << BitOperations.Log2((uint)size / 4)) == 0;

    /// <summary>The sizes there are networks for.</summary>
    internal static IEnumerable<int> Sizes => Enumerable.Range(16, 241).Where(IsSize);
}

/// <summary>The self-attention blocks; see <see cref="AttentionOptions"/>.</summary>
public sealed record AttentionConfig
{
    public AttentionKind Kind { get; init; } = AttentionKind.Full;

    /// <summary>Queries and keys have 1/r of the channels.</summary>
    public int Reduction { get; init; } = 8;

    /// <summary>Heads that queries, keys and values are cut into.</summary>
    public int Heads { get; init; } = 1;

    public AttentionSimilarity Similarity { get; init; } = AttentionSimilarity.EmbeddedGaussian;

    /// <summary>Each query reads from this many keys only; 0 = from all.</summary>
    public int TopK { get; init; }

    /// <summary>Factors by which keys and values are max-pooled, such as 1,2,4; empty = as the kind says.</summary>
    public IReadOnlyList<int> Scales { get; init; } = [];

    /// <summary>Whether the block's convolutions are spectrally normalised, where the network is. Null = as the original: yes, except in the full form.</summary>
    public bool? SpectralNorm { get; init; }

    /// <summary>Whether the block's convolutions have biases. Null = as the original: in the full and multi-head forms.</summary>
    public bool? Bias { get; init; }

    /// <summary>Weigh the channels first (squeeze and excitation).</summary>
    public bool Channel { get; init; }

    /// <summary>Add a vector of the image's class to all queries; in a conditional model.</summary>
    public bool ClassQuery { get; init; }

    internal AttentionOptions Options => new()
    {
        Kind = Kind,
        Reduction = Reduction,
        Heads = Heads,
        Similarity = Similarity,
        TopK = TopK,
        Scales = Scales,
        Bias = Bias,
        Channel = Channel,
    };
}

/// <summary>A family of networks.</summary>
public enum ModelFamily
{
    /// <summary>Transposed convolutions up, strided ones down, self-attention between: heykeetae's Self-Attention-GAN.</summary>
    Dcgan,

    /// <summary>Residual blocks: the official SAGAN, also as StudioGAN and BigGAN-PyTorch have it.</summary>
    Resnet,

    /// <summary>Upsampling and convolutions up; strided convolutions, dropout and batch normalisation down.</summary>
    Upconv,
}

/// <summary>How z is drawn.</summary>
public enum LatentKind
{
    /// <summary>Standard normal.</summary>
    Normal,

    /// <summary>Uniform in [-1, 1).</summary>
    Uniform,
}

/// <summary>Where the gain and bias of conditional batch normalisation come from.</summary>
public enum ConditionalNormKind
{
    /// <summary>Tables with a row for each class, beginning as 1 and 0: the official code.</summary>
    Table,

    /// <summary>1 + a linear layer, and a linear layer, of the class (StudioGAN) or of the shared embedding and a piece of z (BigGAN); spectrally normalised with
    /// the generator.</summary>
    Linear,
}

/// <summary>What a convolution sees outside the image.</summary>
public enum PaddingKind
{
    /// <summary>Zeros.</summary>
    Zero,

    /// <summary>The image mirrored at its edge.</summary>
    Reflect,
}

/// <summary>How the layers are spectrally normalised.</summary>
public enum SpectralNormKind
{
    /// <summary>As <c>torch.nn.utils.spectral_norm</c>: u and v move in training only; the rows of a transposed convolution's matrix are its outputs.</summary>
    Torch,

    /// <summary>As heykeetae's Self-Attention-GAN: u and v move in every forward pass; the rows of a transposed convolution's matrix are its inputs.</summary>
    Heykeetae,

    /// <summary>As the official SAGAN code: u moves in every forward pass, and gradients flow through the power iteration.</summary>
    Official,

    /// <summary>Not at all.</summary>
    None,
}
