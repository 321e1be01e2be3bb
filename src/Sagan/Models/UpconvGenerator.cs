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
/// last    Conv2d k3         W -> Channels   tanh                     Size x Size
/// to_rgbR   Conv2d k1, width(R) -> Channels, tanh: of the smaller images R x R of a network that grows</code>
/// </summary>
sealed class UpconvGenerator : Generator
{
    readonly Module linear, norm0;

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
            Body.Add(new Upsample());
            Body.Add(Child($"conv{++i}", new ConditionalSequential(make.Conv(inputs, map.Channels, 3),
                make.Norm(map.Channels, activation))));
            if (make.Attention(map, model.GAttention) is var (name, block)) Body.Add(Child(name, block));
            AddHead(map.Size, () => make.Conv(map.Channels, model.Channels, 1, Activation.Tanh, normalize: false));
            inputs = map.Channels;
        }
        Body.Add(Child("last", make.Conv(inputs, model.Channels, 3, Activation.Tanh, normalize: false)));
    }

    private protected override Tensor Make(Tensor z, Condition? condition)
    {
        Tensor h = linear.Call(z).Reshape(-1, Model.Size / 4, Model.Size / 4, 2 * Model.ConvDim);
        return Body.Image(norm0.Call(h, condition), condition);
    }
}
