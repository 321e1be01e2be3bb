using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// A discriminator of strided convolutions, dropout and batch normalisation.  W = ConvDim.
/// <code>conv1..4  Conv2d k3 s2 p1   Channels -> W/4 -> W/2 -> W -> 2W   leaky ReLU 0.2, channel dropout 0.25,
///           BatchNorm (not in conv1)   Size/2 ... Size/16
/// attnK     SelfAttention after the resolutions asked for
/// last      Linear          (Size/16)^2 2W -> 1
/// from_rgbR Conv2d k1       Channels -> width(R)   leaky ReLU 0.2: of the smaller images R x R of a network that grows</code>
/// Scores are not squashed; the loss that wants probabilities takes the sigmoid.
/// </summary>
sealed class UpconvDiscriminator : Discriminator
{
    // Keeps the numbers of dropout apart from those the weights are filled with.
    const ulong DropoutStream = 0xD120;
    readonly Linear last;
    readonly Projection? projection;

    public UpconvDiscriminator(ModelConfig model, Initializer init) : base(model)
    {
        Layers make = new(model, init);
        Activation activation = Activation.LeakyRelu((float)(model.Slope ?? 0.2));
        Random = new RandomSource(init.Random.Seed, init.Random.Stream ^ DropoutStream);
        int inputs = model.Channels, i = 0;
        foreach (FeatureMap map in NetworkPlan.Discriminator(model))
        {
            Module conv = make.Normalized(new Conv2d(inputs, map.Channels, 3, init, stride: 2, padding: 1, activation: activation));
            Dropout2d dropout = new(0.25f, Random);
            Body.Add(Child($"conv{++i}", i == 1 ? new Sequential(conv, dropout)
                : new Sequential(conv, dropout, make.PlainNorm(map.Channels, default))));
            AddHead(map.Size, () => make.Conv(model.Channels, map.Channels, 1, activation));
            if (make.Attention(map, model.DAttention) is var (name, block)) Body.Add(Child(name, block));
            inputs = map.Channels;
        }
        last = Child("last", Linear.FromPixels(model.Size / 16, inputs, 1, init));
        if (model.Conditional) projection = Child("embed", new Projection(make.Normalized(new Embedding(model.Classes, inputs, init))));
    }

    private protected override Tensor Score(Tensor x, Condition? condition)
    {
        Tensor h = Body.Features(x, condition), score = last.Call(h.Reshape(h.Shape[0], -1)).Reshape(-1);
        return projection == null ? score : score + projection.Call(Ops.Sum(h, [1, 2]), condition);
    }
}
