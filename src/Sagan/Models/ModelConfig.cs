using System.Globalization;
using System.Numerics;
using Sagan.Native.Configuration;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>The generator and the discriminator.</summary>
public sealed record ModelConfig
{
    /// <summary>Whose networks: how images become larger and smaller.</summary>
    public ModelFamily Family { get; init; } = ModelFamily.Dcgan;

    /// <summary>Width and height of an image, 16 to 256: 4, 5, 6 or 7 doubled some times.</summary>
    public int Size { get; init; } = 64;

    /// <summary>3 (RGB), 4 (RGB and alpha) or 1 (grey).</summary>
    public int Channels { get; init; } = 3;

    /// <summary>Components of the latent vector z.</summary>
    public int ZDim { get; init; } = 128;

    /// <summary>How z is drawn.</summary>
    public LatentKind Latent { get; init; } = LatentKind.Normal;

    /// <summary>
    /// Width of the networks: of the layers at half the image size (dcgan), or what the widths of all layers are multiples of (resnet).
    /// </summary>
    public int ConvDim { get; init; } = 64;

    /// <summary>No layer is wider than this; 0 = no limit.</summary>
    public int MaxWidth { get; init; }

    /// <summary>
    /// True: both networks are told the class of each image. The generator by conditional batch normalisation, the discriminator by
    /// projection.
    /// </summary>
    public bool Conditional { get; init; }

    /// <summary>Number of classes of a conditional model; 0 = as many as the data set has, filled in when training begins.</summary>
    public int Classes { get; init; }

    /// <summary>Where the gain and bias of conditional batch normalisation come from.</summary>
    public ConditionalNormKind ConditionalNorm { get; init; } = ConditionalNormKind.Table;

    /// <summary>
    /// Width of the class vectors that all layers of the generator share (BigGAN); 0 = none. Takes linear conditional normalisation.
    /// </summary>
    public int SharedEmbedding { get; init; }

    /// <summary>True: z is cut into pieces, one for the first layer and one for each block (BigGAN). Takes a shared embedding.</summary>
    public bool HierarchicalZ { get; init; }

    /// <summary>Sizes of the generator's feature maps that have a self-attention block.</summary>
    public IReadOnlyList<int> GAttention { get; init; } = [16, 32];

    /// <summary>Sizes of the discriminator's feature maps that have a self-attention block.</summary>
    public IReadOnlyList<int> DAttention { get; init; } = [4, 8];

    /// <summary>What the attention blocks are like.</summary>
    public AttentionConfig Attention { get; init; } = new();

    /// <summary>Whose spectral normalisation, or none.</summary>
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

    /// <summary>
    /// True: the running variance of batch normalisation is the biased one, as in the official code. False: the unbiased one, as in
    /// PyTorch.
    /// </summary>
    public bool BatchNormBiased { get; init; }

    /// <summary>
    /// Slope of the leaky ReLU below 0: the discriminator's (dcgan, and resnet, where 0 is usual), or both networks' (upconv).
    /// </summary>
    public double? Slope { get; init; }

    /// <summary>What 3x3 convolutions see outside the image (resnet).</summary>
    public PaddingKind Padding { get; init; } = PaddingKind.Zero;

    /// <summary>
    /// True: the shortcut of a discriminator block begins after the activation, as an in-place ReLU makes it (StudioGAN). False: before it.
    /// </summary>
    public bool ShortcutAfterActivation { get; init; }

    /// <summary>
    /// Size of the first images of networks that grow, doubling it up to the full one (Karras et al. 2018); 0 = they do not.
    /// </summary>
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

    internal void Validate(ConfigRules rules)
    {
        bool size = Family == ModelFamily.Upconv
            ? rules.Require("size", Size, Size is >= 16 and <= 256 && Size % 16 == 0, "must be a multiple of 16, 16 to 256")
            : rules.Require("size", Size, IsSize(Size), $"must be 4, 5, 6 or 7 doubled some times: {string.Join(", ", Sizes)}");
        rules.Require("channels", Channels, Channels is 1 or 3 or 4, "must be 3 (RGB), 4 (RGB and alpha) or 1 (grey)");
        rules.Range("zDim", ZDim, 1, 4096);
        bool width = rules.Range("convDim", ConvDim, 1, 1024);
        rules.Range("maxWidth", MaxWidth, 0, 65536, "0 = no limit");
        rules.Range("spectralNormIterations", SpectralNormIterations, 1, 100);
        rules.Require("spectralNormEpsilon", SpectralNormEpsilon, SpectralNormEpsilon is > 0 and <= 1e-2,
            "must be above 0 and at most 0.01; 1e-12 is usual");
        if (SpectralNorm is SpectralNormKind.Torch or SpectralNormKind.None && SpectralNormEpsilon != new ModelConfig().SpectralNormEpsilon)
            rules.Warn(string.Create(CultureInfo.InvariantCulture, $"model.spectralNormEpsilon = {SpectralNormEpsilon}: has no effect with "
                + $"model.spectralNorm = {Words.Of(SpectralNorm)}; the forms heykeetae and official add it to the norms."));
        rules.Require("batchNormEpsilon", BatchNormEpsilon, BatchNormEpsilon is > 0 and <= 10, "must be above 0 and at most 10; 1e-5 "
            + "is usual");
        rules.Require("batchNormMomentum", BatchNormMomentum, BatchNormMomentum is > 0 and <= 1, "must be above 0 and at most 1; 0.1 "
            + "is usual");
        rules.Require("slope", Slope ?? 0, Slope is null or (>= 0 and <= 1), "must be 0 to 1; null = as the family has it");
        rules.Require("initialGamma", InitialGamma, double.IsFinite(InitialGamma), "must be a number; 0 is usual");
        ValidateClasses(rules);
        if (!size || !width) return;
        Attention.Validate(rules, "gAttention", GAttention, NetworkPlan.Generator(this), Size);
        Attention.Validate(rules, "dAttention", DAttention, NetworkPlan.Discriminator(this), Size);
        IReadOnlyList<int> sizes = NetworkPlan.GrowthSizes(this);
        rules.Require("growFrom", GrowFrom, GrowFrom == 0 || sizes.Contains(GrowFrom),
            $"networks of this family for {Size}x{Size} can grow from {string.Join(", ", sizes)}; 0 = they do not grow");
    }

    void ValidateClasses(ConfigRules rules)
    {
        rules.Range("classes", Classes, 0, 100_000, "0 = as many as the data has");
        rules.Require("classes", Classes, Classes == 0 || Conditional,
            "only a conditional model has classes; add --conditional or leave it");
        rules.Range("sharedEmbedding", SharedEmbedding, 0, 4096, "0 = none");
        bool shared = SharedEmbedding > 0;
        rules.Require("sharedEmbedding", SharedEmbedding,
            !shared || this is { Family: ModelFamily.Resnet, Conditional: true, ConditionalNorm: ConditionalNormKind.Linear },
            "takes a conditional resnet with model.conditionalNorm = linear");
        rules.Require("conditionalNorm", Words.Of(ConditionalNorm),
            ConditionalNorm == ConditionalNormKind.Table || Family == ModelFamily.Resnet,
            "linear conditional normalisation takes the resnet family");
        rules.Require("attention.classQuery", "true", !Attention.ClassQuery || Conditional, "takes a conditional model; add --conditional");
        if (!HierarchicalZ || !rules.Require("hierarchicalZ", "true", shared, "takes a shared embedding: --set model.sharedEmbedding=128"))
            return;
        int pieces = NetworkPlan.Generator(this).Count + 1;
        rules.Require("zDim", ZDim, ZDim % pieces == 0, $"a hierarchical z is cut into {pieces} pieces, so it must be a multiple of "
            + $"{pieces}");
    }
}
