using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// Batch normalisation per channel, <see cref="Ops.BatchNorm"/>, with one weight and bias per channel, and the activation that follows.
/// </summary>
public sealed class BatchNorm2d : BatchNormalization
{
    readonly Parameter weight, bias;

    /// <param name="channels">C, the last axis of x.</param>
    /// <param name="init">Names the device; weight begins as 1 and bias as 0.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">How far the running statistics move at each step.</param>
    /// <param name="biased">Whether the running variance is the biased one.</param>
    public BatchNorm2d(int channels, Initializer init, Activation activation = default, float epsilon = 1e-5f, float momentum = 0.1f,
        bool biased = false)
        : base(activation, epsilon, momentum, biased)
    {
        Shape c = new(Check.Positive("batch_norm", "the number of channels", channels));
        weight = Own(new Parameter("weight", Tensor.Ones(c, init.Device)));
        bias = Own(new Parameter("bias", Tensor.Zeros(c, init.Device)));
        OwnStatistics(channels, init.Device);
    }

    /// <summary>y = act(weight xh + bias).  x, y [..., C]; xh is x normalised over all axes but the last.</summary>
    protected override Tensor Forward(Tensor x) => Normalize(x, weight, bias, Activation);
}
