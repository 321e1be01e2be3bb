using Sagan.Native.Configuration;
using Sagan.Native.Export;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// A generator of upsampling and convolutions.  W = ConvDim.
/// <code>linear  Linear            ZDim -> (Size/4)^2 2W           Size/4 x Size/4
/// norm0   BatchNorm
/// conv1   up, Conv2d k3     2W -> 2W     BatchNorm, leaky ReLU 0.2   Size/2 x Size/2
/// conv2   up, Conv2d k3     2W -> W      BatchNorm, leaky ReLU 0.2   Size x Size
/// attnK   SelfAttention after the resolutions asked for
/// last    Conv2d k3         W -> Channels   tanh                     Size x Size</code>
/// </summary>
sealed class UpconvGenerator : Generator
{
    readonly Module linear, norm0;
    readonly List<Module> layers = [];

    public UpconvGenerator(ModelConfig model, Initializer init) : base(model)
    {
        Layers make = new(model, init, model.GSpectralNorm);
        Activation activation = Activation.LeakyRelu((float)(model.Slope ?? 0.2));
        int inputs = 2 * model.ConvDim, i = 0;
        linear = Child("linear", make.Normalized(Linear.ToPixels(model.ZDim, model.Size / 4, inputs, init)));
        // The original gives the other layers an epsilon of 0.8, meant as their momentum, and this one the usual.
        norm0 = Child("norm0", make.Norm(inputs, default, ownEpsilon: 1e-5));
        foreach (FeatureMap map in NetworkPlan.Generator(model))
        {
            layers.Add(new Upsample());
            layers.Add(Child($"conv{++i}", new Sequential(make.Conv(inputs, map.Channels, 3), make.Norm(map.Channels, activation))));
            if (make.Attention(map, model.GAttention) is var (name, block)) layers.Add(Child(name, block));
            inputs = map.Channels;
        }
        layers.Add(Child("last", make.Conv(inputs, model.Channels, 3, Activation.Tanh, normalize: false)));
    }

    private protected override Tensor Make(Tensor z, Condition? condition)
    {
        Tensor h = linear.Call(z).Reshape(-1, Model.Size / 4, Model.Size / 4, 2 * Model.ConvDim);
        return Sequential.Chain(norm0.Call(h, condition), condition, layers);
    }

    internal override OnnxValue Export(OnnxGraph graph, OnnxValue z, OnnxCondition? condition)
    {
        OnnxValue h = graph.Reshape(Export(linear, graph, z, condition), 2 * Model.ConvDim, Model.Size / 4, Model.Size / 4);
        return layers.Prepend(norm0).Aggregate(h, (y, m) => Export(m, graph, y, condition));
    }
}
