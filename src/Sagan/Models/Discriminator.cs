using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// Images [N, Size, Size, Channels] to scores [N], high for real. The mirror of <see cref="Generator"/>.
/// <code>l1..  SN Conv2d k4 s2 p1   Channels -> ConvDim, then doubling   leaky ReLU 0.1   Size/2 x Size/2 ... 4 x 4
/// attnK SelfAttention after the resolutions asked for
/// last  Conv2d k4 s1 p0      width(4) -> 1                                         1 x 1</code>
/// </summary>
public sealed class Discriminator : Module
{
    const float Slope = 0.1f;
    readonly List<Module> layers = [];
    readonly ModelConfig model;

    public Discriminator(ModelConfig model, Initializer init)
    {
        this.model = model;
        int inputs = model.Channels, attention = 0;
        for (int i = 0; i < model.Stages; i++)
        {
            int resolution = model.Size >> (i + 1), width = model.Width(resolution);
            Module down = new Conv2d(inputs, width, 4, init, stride: 2, padding: 1, activation: Activation.LeakyRelu(Slope));
            layers.Add(Child($"l{i + 1}", new Sequential(Generator.Normalized(down, model, init))));
            if (model.DAttention.Contains(resolution)) layers.Add(Child($"attn{++attention}", new SelfAttention(width, init, (float)model.InitialGamma)));
            inputs = width;
        }
        layers.Add(Child("last", new Sequential(new Conv2d(inputs, 1, 4, init))));
    }

    protected override Tensor Forward(Tensor x)
    {
        if (x.Rank != 4 || x.Shape != new Shape(x.Shape[0], model.Size, model.Size, model.Channels))
            throw new ShapeException($"discriminator: x {x.Shape} must be [N, {model.Size}, {model.Size}, {model.Channels}].");
        return Sequential.Chain(x, layers).Reshape(-1);
    }
}
