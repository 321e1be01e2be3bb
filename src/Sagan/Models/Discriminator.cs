using Sagan.Native.Configuration;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>Images [N, Size, Size, Channels], and the classes of a conditional model, to scores [N], high for real.</summary>
public abstract class Discriminator : Module
{
    private protected Discriminator(ModelConfig model) => Model = model;

    /// <summary>What was asked for.</summary>
    public ModelConfig Model { get; }

    /// <summary>Where the dropout of the network, if it has any, comes from: part of the state of a run.</summary>
    public RandomSource? Random { get; private protected init; }

    /// <summary>A new discriminator of the configuration's family.</summary>
    public static Discriminator Create(ModelConfig model, Initializer init) => model.Family switch
    {
        ModelFamily.Dcgan => new DcganDiscriminator(model, init),
        ModelFamily.Resnet => new ResNetDiscriminator(model, init),
        _ => new UpconvDiscriminator(model, init),
    };

    protected sealed override Tensor Forward(Tensor x) => Checked(x, null);

    protected sealed override Tensor Forward(Tensor x, Condition condition) => Checked(x, condition);

    /// <summary>The network; x has the right shape, and there is a condition where the model is conditional.</summary>
    private protected abstract Tensor Score(Tensor x, Condition? condition);

    Tensor Checked(Tensor x, Condition? condition)
    {
        if (x.Rank != 4 || x.Shape != new Shape(x.Shape[0], Model.Size, Model.Size, Model.Channels))
            throw new ShapeException($"discriminator: x {x.Shape} must be [N, {Model.Size}, {Model.Size}, {Model.Channels}].");
        if (Model.Conditional && condition == null) throw new ArgumentException($"discriminator: the model has {Model.Classes} classes; say which one each image is of.", nameof(condition));
        return Score(x, Model.Conditional ? condition : null);
    }
}
