using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>
/// What all forms of batch normalisation share: the statistics. In training mode those of the batch are used and the running ones move,
/// r = (1 - momentum) r + momentum stat, with the unbiased variance, as PyTorch does, or the biased one, as the official SAGAN code does.
/// In inference mode the running ones are used, or the batch's where <see cref="UseBatchStatistics"/> says so.
/// </summary>
public abstract class BatchNormalization : Module
{
    readonly float epsilon, momentum;
    readonly bool biased;
    Parameter mean = null!, variance = null!, batches = null!;
    int gathered = -1;

    private protected BatchNormalization(Activation activation, float epsilon, float momentum, bool biased) =>
        (Activation, this.epsilon, this.momentum, this.biased) = (activation, epsilon, momentum, biased);

    /// <summary>In inference mode, use the statistics of the batch and leave the running ones alone.</summary>
    public bool UseBatchStatistics { get; set; }

    private protected Activation Activation { get; }

    private protected override bool IsClosed => true;

    /// <summary>
    /// From now on each batch in training mode moves the running statistics to the mean of all batches since: "standing statistics"
    /// (Brock et al. 2019).
    /// False goes back to the momentum; the statistics stay.
    /// </summary>
    public void AccumulateStatistics(bool standing = true) => gathered = standing ? 0 : -1;

    private protected void OwnStatistics(int channels, Device device)
    {
        Shape c = new(channels);
        mean = Own(new Parameter("running_mean", Tensor.Zeros(c, device), trainable: false));
        variance = Own(new Parameter("running_var", Tensor.Ones(c, device), trainable: false));
        batches = Own(new Parameter("num_batches_tracked", Tensor.Scalar(0, device), trainable: false) { IsInteger = true });
    }

    /// <summary>act(weight xh + bias) with the statistics that are due.</summary>
    private protected Tensor Normalize(Tensor x, Tensor weight, Tensor bias, Activation activation)
    {
        if (!IsTraining && !UseBatchStatistics) return Ops.BatchNormInference(x, weight, bias, mean, variance, epsilon, activation);
        Tensor y = Ops.BatchNorm(x, weight, bias, epsilon, activation, out Tensor m, out Tensor s2);
        if (IsTraining) Track(m, s2, x.Count / x.Shape[-1]);
        return y;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{mean.Shape[0]}{ModuleText.Of(Activation)}";

    void Track(Tensor m, Tensor s2, int rows)
    {
        float correction = rows > 1 && !biased ? rows / (rows - 1f) : 1;
        float weight = gathered < 0 ? momentum : 1f / ++gathered;
        mean.Lerp(m, weight);
        variance.Lerp(s2 * correction, weight);
        batches.Assign(batches.Value + 1);
    }
}
