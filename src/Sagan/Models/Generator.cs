using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>z [N, ZDim], and the classes of a conditional model, to images [N, Size, Size, Channels] in [-1, 1].</summary>
public abstract class Generator : ConditionalModule
{
    private protected Generator(ModelConfig model) => (Model, Body) = (model, new GrowingLayers(model, up: true));

    /// <summary>What was asked for.</summary>
    public ModelConfig Model { get; }

    /// <summary>How far it has grown: a new one is complete.</summary>
    public Growth Growth
    {
        get => Body.Growth;
        set => Body.Growth = value;
    }

    /// <summary>False while it grows: its images are still smaller than they will be, or blocks of it are fading in.</summary>
    internal bool IsComplete => Body.IsComplete;

    /// <summary>The parameters that take part at this growth.</summary>
    internal IReadOnlyList<Parameter> LiveParameters => Body.Live(this);

    /// <summary>The layers from the first feature map to the image.</summary>
    private protected GrowingLayers Body { get; }

    /// <summary>A new generator of the configuration's family.</summary>
    public static Generator Create(ModelConfig model, Initializer init)
    {
        if (model is { Conditional: true, Classes: 0 })
            throw new ArgumentException("generator: the number of classes of a conditional model must be known.", nameof(model));
        return model.Family switch
        {
            ModelFamily.Dcgan => new DcganGenerator(model, init),
            ModelFamily.Resnet => new ResNetGenerator(model, init),
            _ => new UpconvGenerator(model, init),
        };
    }

    /// <summary>
    /// z [N, ZDim] to images [N, Size, Size, Channels] in [-1, 1], smaller ones while it grows. Throws <see cref="ShapeException"/> for
    /// another shape and <see cref="ArgumentException"/> without the classes of a conditional model.
    /// </summary>
    protected sealed override Tensor Forward(Tensor x, Condition? condition) => Checked(x, condition);

    /// <summary>The network; z has the right shape, and there is a condition where the model is conditional.</summary>
    private protected abstract Tensor Make(Tensor z, Condition? condition);

    /// <summary>The parameters and buffers of the complete network, without those that served while it grew: what one that never grew
    /// has.</summary>
    internal IEnumerable<(string Name, Parameter Parameter)> CompleteState() => IsComplete
        ? State().Where(s => IsLive(s.Parameter))
        : throw new InvalidOperationException($"generator: it is growing, with images of {Growth.Size}x{Growth.Size}, and has no complete "
            + "state.");

    /// <summary>To be called after the last layer of a feature map of this size: there a network that grows has what makes an image of
    /// the map.</summary>
    private protected void AddHead(int size, Func<Module> toRgb)
    {
        if (Body.WantsHead(size)) Body.AddHead(size, Child($"to_rgb{size}", toRgb()));
    }

    internal bool IsLive(Parameter p) => Body.IsLive(p);

    Tensor Checked(Tensor z, Condition? condition)
    {
        if (z.Rank != 2 || z.Shape[1] != Model.ZDim) throw new ShapeException($"generator: z {z.Shape} must be [N, {Model.ZDim}].");
        if (Model.Conditional && condition == null)
            throw new ArgumentException($"generator: the model has {Model.Classes} classes; say which one each image is to be.",
                nameof(condition));
        return Make(z, Model.Conditional ? condition : null);
    }
}
