using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>Images [N, Size, Size, Channels], and the classes of a conditional model, to scores [N], high for real.</summary>
public abstract class Discriminator : ConditionalModule
{
    IReadOnlyList<Parameter>? trained;

    private protected Discriminator(ModelConfig model) => (Model, Body) = (model, new GrowingLayers(model, up: false));

    /// <summary>What was asked for.</summary>
    public ModelConfig Model { get; }

    /// <summary>How far it has grown: a new one is complete.</summary>
    public Growth Growth
    {
        get => Body.Growth;
        set => Body.Growth = value;
    }

    /// <summary>Those of the trained parameters that take part at this growth.</summary>
    internal IReadOnlyList<Parameter> LiveParameters => Body.Live(this, trained);

    /// <summary>The layers from the image to the last feature map: blocks, each followed by its attention block where it has one.</summary>
    private protected GrowingLayers Body { get; }

    /// <summary>Where the dropout of the network, if it has any, comes from: part of the state of a run.</summary>
    public RandomSource? Random { get; private protected init; }

    /// <summary>The parameters that training moves: all but those of frozen blocks.</summary>
    public IReadOnlyList<Parameter> Trained => trained ?? Parameters;

    /// <summary>
    /// FreezeD: the first blocks, and the attention blocks that follow them, stay as they are, their spectral norms included; nothing
    /// computes gradients for their weights. For going on from a discriminator that was trained on other images. To be called once.
    /// Source: Mo et al. 2020, "Freeze the discriminator: a simple baseline for fine-tuning GANs".
    /// </summary>
    /// <param name="count">How many blocks; 0 = none. The layer that makes the score always learns.</param>
    public void FreezeBlocks(int count)
    {
        HashSet<Parameter> still = [];
        foreach (Module m in Body.All)
        {
            if (m is not SelfAttention && --count < 0) break;
            SpectralNorm.Freeze(m);
            still.UnionWith(m.Parameters);
        }
        trained = [.. Parameters.Where(p => !still.Contains(p))];
    }

    /// <summary>A new discriminator of the configuration's family.</summary>
    public static Discriminator Create(ModelConfig model, Initializer init) => model.Family switch
    {
        ModelFamily.Dcgan => new DcganDiscriminator(model, init),
        ModelFamily.Resnet => new ResNetDiscriminator(model, init),
        _ => new UpconvDiscriminator(model, init),
    };

    /// <summary>
    /// x [N, Size, Size, Channels] to scores [N], however far it has grown. Throws <see cref="ShapeException"/> for another shape and
    /// <see cref="ArgumentException"/> without the classes of a conditional model.
    /// </summary>
    protected sealed override Tensor Forward(Tensor x, Condition? condition) => Checked(x, condition);

    /// <summary>The network; x has the right shape, and there is a condition where the model is conditional.</summary>
    private protected abstract Tensor Score(Tensor x, Condition? condition);

    /// <summary>Real images as they are to be shown to a discriminator of this growth.</summary>
    internal Tensor AsGrown(Tensor real) => Body.Real(real);

    /// <summary>To be called after the layer that makes a feature map of this size, before its attention: there a network that grows has
    /// what makes the map of an image.</summary>
    private protected void AddHead(int size, Func<Module> fromRgb)
    {
        if (Body.WantsHead(size)) Body.AddHead(size, Child($"from_rgb{size}", fromRgb()));
    }

    internal bool IsLive(Parameter p) => Body.IsLive(p);

    Tensor Checked(Tensor x, Condition? condition)
    {
        if (x.Rank != 4 || x.Shape != new Shape(x.Shape[0], Model.Size, Model.Size, Model.Channels))
            throw new ShapeException($"discriminator: x {x.Shape} must be [N, {Model.Size}, {Model.Size}, {Model.Channels}].");
        if (Model.Conditional && condition == null)
            throw new ArgumentException($"discriminator: the model has {Model.Classes} classes; say which one each image is of.",
                nameof(condition));
        return Score(x, Model.Conditional ? condition : null);
    }
}
