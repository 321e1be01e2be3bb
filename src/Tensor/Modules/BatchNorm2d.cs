using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// Batch normalisation per channel, <see cref="Ops.BatchNorm"/>, and the activation that follows. In training mode it uses the batch's statistics and moves
/// the running ones:
/// r = (1 - momentum) r + momentum stat, with the unbiased variance, as PyTorch does. In inference mode it uses the running ones, or the batch's where
/// <see cref="UseBatchStatistics"/> says so.
/// </summary>
public sealed class BatchNorm2d : Module
{
    readonly Parameter weight, bias, runningMean, runningVariance, batches;
    readonly Activation activation;
    readonly float epsilon, momentum;

    /// <param name="channels">C, the last axis of x.</param>
    /// <param name="init">Names the device; weight begins as 1 and bias as 0.</param>
    /// <param name="activation">What follows.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">How far the running statistics move at each step.</param>
    public BatchNorm2d(int channels, Initializer init, Activation activation = default, float epsilon = 1e-5f, float momentum = 0.1f)
    {
        Shape c = new(channels);
        weight = Own(new Parameter("weight", Tensor.Ones(c, init.Device)));
        bias = Own(new Parameter("bias", Tensor.Zeros(c, init.Device)));
        runningMean = Own(new Parameter("running_mean", Tensor.Zeros(c, init.Device), trainable: false));
        runningVariance = Own(new Parameter("running_var", Tensor.Ones(c, init.Device), trainable: false));
        batches = Own(new Parameter("num_batches_tracked", Tensor.Scalar(0, init.Device), trainable: false) { IsInteger = true });
        (this.activation, this.epsilon, this.momentum) = (activation, epsilon, momentum);
    }

    /// <summary>In inference mode, use the statistics of the batch and leave the running ones alone.</summary>
    public bool UseBatchStatistics { get; set; }

    private protected override bool IsClosed => true;

    protected override Tensor Forward(Tensor x)
    {
        if (!IsTraining && !UseBatchStatistics) return Ops.BatchNormInference(x, weight, bias, runningMean, runningVariance, epsilon, activation);
        Tensor y = Ops.BatchNorm(x, weight, bias, epsilon, activation, out Tensor mean, out Tensor variance);
        if (IsTraining) Track(mean, variance, x.Count / x.Shape[-1]);
        return y;
    }

    void Track(Tensor mean, Tensor variance, int rows)
    {
        float unbiased = rows > 1 ? rows / (rows - 1f) : 1;
        runningMean.Lerp(mean, momentum);
        runningVariance.Lerp(variance * unbiased, momentum);
        batches.Assign(batches.Value + 1);
    }
}
