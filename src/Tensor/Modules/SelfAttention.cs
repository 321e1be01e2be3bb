using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// The self-attention block of SAGAN, "full" form: every pixel reads from every pixel.
/// <code>x [N,H,W,C]; the H W pixels are rows
/// q = x Wq^T + bq   [N, H W, C/8]      k = x Wk^T + bk   [N, H W, C/8]      v = x Wv^T + bv   [N, H W, C]
/// o = softmax_j(q k^T) v
/// y = x + gamma o,   gamma starts at 0</code>
/// Source: Zhang et al. 2019, section 3, with heykeetae/Self-Attention-GAN's value width C. At gamma = 0 the block is the identity, and only gamma gets a
/// gradient from the
/// branch; a negative gamma is normal, since Wv can absorb its sign. bk has gradient 0 always: adding the same key everywhere does not change a softmax.
/// </summary>
public sealed class SelfAttention : Module
{
    readonly Conv2d query, key, value;

    /// <param name="channels">C; at least 8.</param>
    /// <param name="init">Fills the three 1x1 convolutions.</param>
    /// <param name="gamma">The first value of gamma.</param>
    public SelfAttention(int channels, Initializer init, float gamma = 0)
    {
        if (channels < 8) throw new ArgumentOutOfRangeException(nameof(channels), channels, "self_attention: at least 8 channels are needed, since queries and keys have an eighth of them.");
        query = Child("query_conv", new Conv2d(channels, channels / 8, 1, init));
        key = Child("key_conv", new Conv2d(channels, channels / 8, 1, init));
        value = Child("value_conv", new Conv2d(channels, channels, 1, init));
        Gamma = Own(new Parameter("gamma", Tensor.Full(gamma, new Shape(1), init.Device)));
    }

    /// <summary>The weight of the attention branch.</summary>
    public Parameter Gamma { get; }

    private protected override bool IsClosed => true;

    protected override Tensor Forward(Tensor x)
    {
        if (x.Rank != 4) throw new ShapeException($"self_attention: x {x.Shape} has {x.Rank} axes, 4 are needed: [N, H, W, C].");
        (int n, int pixels) = (x.Shape[0], x.Shape[1] * x.Shape[2]);
        Tensor o = Ops.Attention(Rows(query), Rows(key), Rows(value));
        return Ops.Residual(x, Ops.Reshape(o, x.Shape), Gamma);

        Tensor Rows(Conv2d conv) => conv.Call(x).Reshape(n, pixels, -1);
    }
}
