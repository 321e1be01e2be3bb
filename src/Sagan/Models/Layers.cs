using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>Makes the layers of one network as its configuration wants them.</summary>
sealed class Layers(ModelConfig model, Initializer init, bool normalized = true)
{
    int attention;

    /// <summary>The layer, spectrally normalised where the configuration says so.</summary>
    public Module Normalized(Module layer)
    {
        if (!normalized) return layer;
        return model.SpectralNorm switch
        {
            SpectralNormKind.Torch => Wrapped(SpectralNormConvention.Torch),
            SpectralNormKind.Heykeetae => Wrapped(SpectralNormConvention.Heykeetae),
            SpectralNormKind.Official => Wrapped(SpectralNormConvention.Official),
            _ => layer,
        };

        SpectralNorm Wrapped(SpectralNormConvention convention) =>
            new(layer, init, convention, model.SpectralNormIterations, (float)model.SpectralNormEpsilon);
    }

    /// <summary>A normalised convolution of odd size that keeps the image's size.</summary>
    public Module Conv(int inputs, int outputs, int kernel, Activation activation = default, bool bias = true, bool normalize = true)
    {
        bool mirror = kernel > 1 && model.Padding == PaddingKind.Reflect;
        Module conv = new Conv2d(inputs, outputs, kernel, init, padding: mirror ? 0 : kernel / 2, bias: bias, activation: activation);
        if (normalize) conv = Normalized(conv);
        return mirror ? new Sequential(new ReflectionPad2d(kernel / 2), conv) : conv;
    }

    /// <summary>Batch normalisation: conditional in a conditional model, with vectors of this width where it is linear.</summary>
    public Module Norm(int channels, Activation activation, int vector = 0, double? ownEpsilon = null)
    {
        (float epsilon, float momentum) = ((float)(ownEpsilon ?? model.BatchNormEpsilon), (float)model.BatchNormMomentum);
        bool biased = model.BatchNormBiased;
        if (!model.Conditional) return new BatchNorm2d(channels, init, activation, epsilon, momentum, biased);
        if (model.ConditionalNorm == ConditionalNormKind.Table)
            return new ConditionalBatchNorm2d(channels, model.Classes, init, activation, epsilon, momentum, biased);
        return new ConditionalBatchNorm2d(channels, init, Linear(), Linear(), activation, epsilon, momentum, biased);

        Module Linear() => Normalized(new Linear(vector, channels, init, bias: false));
    }

    /// <summary>Batch normalisation that knows no classes.</summary>
    public BatchNorm2d PlainNorm(int channels, Activation activation) =>
        new(channels, init, activation, (float)model.BatchNormEpsilon, (float)model.BatchNormMomentum, model.BatchNormBiased);

    /// <summary>The attention block of a feature map and its name, attn1, attn2, ..., or null where this map has none.</summary>
    public (string Name, SelfAttention Block)? Attention(FeatureMap map, IReadOnlyList<int> sizes)
    {
        if (!sizes.Contains(map.Size)) return null;
        AttentionConfig a = model.Attention;
        // heykeetae's blocks are not normalised, the official ones are.
        bool normalize = a.SpectralNorm ?? a.Kind != AttentionKind.Full;
        (float gamma, Func<Module, Module>? norm) = ((float)model.InitialGamma, normalize ? Normalized : null);
        return ($"attn{++attention}", a.ClassQuery
            ? new ClassAttention(map.Channels, init, gamma, a.Options, norm, model.Classes)
            : new SelfAttention(map.Channels, init, gamma, a.Options, norm));
    }
}
