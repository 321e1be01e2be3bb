using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// heykeetae's generator, for any size b 2^n with b = 4, 5, 6 or 7.
/// <code>l1    SN ConvTranspose2d kb s1 p0   ZDim -> width(b)      BatchNorm ReLU      b x b
/// l2..  SN ConvTranspose2d k4 s2 p1   width halves          BatchNorm ReLU      2b x 2b ... Size/2 x Size/2
/// attnK SelfAttention after the resolutions asked for
/// last  ConvTranspose2d k4 s2 p1      ConvDim -> Channels   tanh                Size x Size
/// to_rgbR  Conv2d k1, width(R) -> Channels, tanh: of the smaller images R x R of a network that grows</code>
/// </summary>
sealed class DcganGenerator : Generator
{
    public DcganGenerator(ModelConfig model, Initializer init) : base(model)
    {
        Layers make = new(model, init, model.GSpectralNorm);
        int inputs = model.ZDim, i = 0;
        foreach (FeatureMap map in NetworkPlan.Generator(model))
        {
            Module up = i == 0
                ? new ConvTranspose2d(inputs, map.Channels, model.Bottom, init)
                : new ConvTranspose2d(inputs, map.Channels, 4, init, stride: 2, padding: 1);
            Body.Add(Child($"l{++i}", new ConditionalSequential(make.Normalized(up), make.Norm(map.Channels, Activation.Relu))));
            if (make.Attention(map, model.GAttention) is var (name, block)) Body.Add(Child(name, block));
            AddHead(map.Size, () => make.Conv(map.Channels, model.Channels, 1, Activation.Tanh, normalize: false));
            inputs = map.Channels;
        }
        Body.Add(Child("last", new Sequential(new ConvTranspose2d(inputs, model.Channels, 4, init, stride: 2, padding: 1,
            activation: Activation.Tanh))));
    }

    private protected override Tensor Make(Tensor z, Condition? condition) =>
        Body.Image(z.Reshape(-1, 1, 1, Model.ZDim), condition);
}
