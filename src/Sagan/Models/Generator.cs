using Sagan.Native.Configuration;
using Sagan.Native.Export;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>z [N, ZDim], and the classes of a conditional model, to images [N, Size, Size, Channels] in [-1, 1].</summary>
public abstract class Generator : Module
{
    private protected Generator(ModelConfig model) => Model = model;

    /// <summary>What was asked for.</summary>
    public ModelConfig Model { get; }

    /// <summary>A new generator of the configuration's family.</summary>
    public static Generator Create(ModelConfig model, Initializer init)
    {
        if (model is { Conditional: true, Classes: 0 }) throw new ArgumentException("generator: the number of classes of a conditional model must be known.", nameof(model));
        return model.Family switch
        {
            ModelFamily.Dcgan => new DcganGenerator(model, init),
            ModelFamily.Resnet => new ResNetGenerator(model, init),
            _ => new UpconvGenerator(model, init),
        };
    }

    protected sealed override Tensor Forward(Tensor x) => Checked(x, null);

    protected sealed override Tensor Forward(Tensor x, Condition condition) => Checked(x, condition);

    /// <summary>The network; z has the right shape, and there is a condition where the model is conditional.</summary>
    private protected abstract Tensor Make(Tensor z, Condition? condition);

    /// <summary>The network as a graph; there is a condition where the model is conditional.</summary>
    internal abstract override OnnxValue Export(OnnxGraph graph, OnnxValue z, OnnxCondition? condition);

    Tensor Checked(Tensor z, Condition? condition)
    {
        if (z.Rank != 2 || z.Shape[1] != Model.ZDim) throw new ShapeException($"generator: z {z.Shape} must be [N, {Model.ZDim}].");
        if (Model.Conditional && condition == null) throw new ArgumentException($"generator: the model has {Model.Classes} classes; say which one each image is to be.", nameof(condition));
        return Make(z, Model.Conditional ? condition : null);
    }
}
