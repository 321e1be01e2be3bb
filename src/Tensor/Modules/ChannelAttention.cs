using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// Squeeze and excitation: y = s * x with one weight per channel of each image, s = sigmoid(W2 relu(W1 mean_hw(x) + b1) + b2).
/// x [N,H,W,C], W1 [C/16, C], W2 [C, C/16].
/// Source: Hu et al. 2018, "Squeeze-and-excitation networks".
/// </summary>
public sealed class ChannelAttention : Module
{
    readonly Linear squeeze, excite;

    /// <param name="channels">C.</param>
    /// <param name="init">Fills the two linear layers.</param>
    /// <param name="reduction">C / reduction is the width between them, at least 1.</param>
    public ChannelAttention(int channels, Initializer init, int reduction = 16)
    {
        Check.Positive("channel_attention", "the number of channels", channels);
        Check.Positive("channel_attention", "the reduction", reduction);
        int narrow = Math.Max(1, channels / reduction);
        squeeze = Child("squeeze", new Linear(channels, narrow, init, activation: Activation.Relu));
        excite = Child("excite", new Linear(narrow, channels, init));
    }

    /// <summary>y = s * x.  x, y [N,H,W,C].</summary>
    protected override Tensor Forward(Tensor x)
    {
        Tensor s = Ops.Sigmoid(excite.Call(squeeze.Call(Ops.Mean(x, [1, 2]))));
        return x * s.Reshape(x.Shape[0], 1, 1, x.Shape[3]);
    }
}
