using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// The official SAGAN's discriminator, in StudioGAN's widths where the size is another one.
/// <code>blockK  DiscriminatorBlock   Channels -> ConvDim ..., halving the image
/// attnK   SelfAttention after the resolutions asked for
/// phi     act(h) summed over the pixels                       C
/// last    SN Linear C -> 1
/// embed   SN Embedding: + embed[class] . phi, in a conditional model
/// from_rgbR  SN Conv2d k1, Channels -> width(R): of the smaller images R x R of a network that grows</code>
/// </summary>
sealed class ResNetDiscriminator : Discriminator
{
    readonly Module last;
    readonly Projection? projection;
    readonly Activation activation;

    public ResNetDiscriminator(ModelConfig model, Initializer init) : base(model)
    {
        Layers make = new(model, init);
        activation = Activation.LeakyRelu((float)(model.Slope ?? 0));
        int inputs = model.Channels, size = model.Size, i = 0;
        foreach ((int channels, bool down) in NetworkPlan.ResNet(model).Discriminator)
        {
            Body.Add(Child($"block{++i}", new DiscriminatorBlock(inputs, channels, down, i == 1, make, activation,
                model.ShortcutAfterActivation)));
            size = down ? size / 2 : size;
            AddHead(size, () => make.Conv(model.Channels, channels, 1));
            // Of two blocks with maps of one size, the first has the attention.
            if (down && make.Attention(new FeatureMap(size, channels), model.DAttention) is var (name, block)) Body.Add(Child(name, block));
            inputs = channels;
        }
        last = Child("last", make.Normalized(new Linear(inputs, 1, init)));
        if (model.Conditional) projection = Child("embed", new Projection(make.Normalized(new Embedding(model.Classes, inputs, init))));
    }

    private protected override Tensor Score(Tensor x, Condition? condition)
    {
        Tensor h = Body.Features(x, condition);
        Tensor phi = Ops.Sum(Ops.Activate(h, activation), [1, 2]);
        Tensor score = last.Call(phi).Reshape(-1);
        return projection == null ? score : score + projection.Call(phi, condition);
    }
}
