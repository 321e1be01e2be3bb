using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// heykeetae's discriminator, the mirror of <see cref="DcganGenerator"/>.
/// <code>l1..  SN Conv2d k4 s2 p1   Channels -> ConvDim, then doubling   leaky ReLU 0.1   Size/2 x Size/2 ... b x b
/// attnK SelfAttention after the resolutions asked for
/// last  Conv2d kb s1 p0      width(b) -> 1                                         1 x 1
/// embed SN Embedding         + embed[class] . (sum of the last feature map over its pixels), in a conditional model
/// from_rgbR  SN Conv2d k1, Channels -> width(R), leaky ReLU: of the smaller images R x R of a network that grows</code>
/// </summary>
sealed class DcganDiscriminator : Discriminator
{
    readonly Sequential last;
    readonly Projection? projection;

    public DcganDiscriminator(ModelConfig model, Initializer init) : base(model)
    {
        Layers make = new(model, init);
        Activation activation = Activation.LeakyRelu((float)(model.Slope ?? 0.1));
        int inputs = model.Channels, i = 0;
        foreach (FeatureMap map in NetworkPlan.Discriminator(model))
        {
            Body.Add(Child($"l{++i}", new Sequential(make.Normalized(new Conv2d(inputs, map.Channels, 4, init, stride: 2, padding: 1,
                activation: activation)))));
            AddHead(map.Size, () => make.Conv(model.Channels, map.Channels, 1, activation));
            if (make.Attention(map, model.DAttention) is var (name, block)) Body.Add(Child(name, block));
            inputs = map.Channels;
        }
        last = Child("last", new Sequential(new Conv2d(inputs, 1, model.Bottom, init)));
        if (model.Conditional) projection = Child("embed", new Projection(make.Normalized(new Embedding(model.Classes, inputs, init))));
    }

    private protected override Tensor Score(Tensor x, Condition? condition)
    {
        Tensor h = Body.Features(x, condition), score = last.Call(h).Reshape(-1);
        return projection == null ? score : score + projection.Call(Ops.Sum(h, [1, 2]), condition);
    }
}
