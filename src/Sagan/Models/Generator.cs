using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// z [N, ZDim] to images [N, Size, Size, Channels] in [-1, 1].
/// <code>l1    SN ConvTranspose2d k4 s1 p0   ZDim -> width(4)      BatchNorm ReLU      4 x 4
/// l2..  SN ConvTranspose2d k4 s2 p1   width halves          BatchNorm ReLU      8 x 8 ... Size/2 x Size/2
/// attnK SelfAttention after the resolutions asked for
/// last  ConvTranspose2d k4 s2 p1      ConvDim -> Channels   tanh                Size x Size</code>
/// </summary>
public sealed class Generator : Module
{
    readonly List<Module> layers = [];
    readonly ModelConfig model;

    public Generator(ModelConfig model, Initializer init)
    {
        this.model = model;
        int inputs = model.ZDim, attention = 0;
        for (int i = 0; i < model.Stages; i++)
        {
            int resolution = 4 << i, width = model.Width(resolution);
            Module up = i == 0
                ? new ConvTranspose2d(inputs, width, 4, init)
                : new ConvTranspose2d(inputs, width, 4, init, stride: 2, padding: 1);
            layers.Add(Child($"l{i + 1}", new Sequential(Normalized(up, model, init), new BatchNorm2d(width, init, Activation.Relu))));
            if (model.GAttention.Contains(resolution)) layers.Add(Child($"attn{++attention}", new SelfAttention(width, init, (float)model.InitialGamma)));
            inputs = width;
        }
        layers.Add(Child("last", new Sequential(new ConvTranspose2d(inputs, model.Channels, 4, init, stride: 2, padding: 1, activation: Activation.Tanh))));
    }

    protected override Tensor Forward(Tensor z)
    {
        if (z.Rank != 2 || z.Shape[1] != model.ZDim) throw new ShapeException($"generator: z {z.Shape} must be [N, {model.ZDim}].");
        return Sequential.Chain(z.Reshape(-1, 1, 1, model.ZDim), layers);
    }

    internal static Module Normalized(Module layer, ModelConfig model, Initializer init) => model.SpectralNorm switch
    {
        SpectralNormKind.Torch => new SpectralNorm(layer, init, SpectralNormConvention.Torch),
        SpectralNormKind.Heykeetae => new SpectralNorm(layer, init, SpectralNormConvention.Heykeetae),
        _ => layer,
    };
}
