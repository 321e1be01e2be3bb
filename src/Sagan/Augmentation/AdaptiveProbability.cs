using Sagan.Native.Kernels;

namespace Sagan.Native.Augmentation;

/// <summary>
/// A probability that rises while the discriminator overfits and falls while it does not. Every <c>interval</c> updates of the
/// discriminator,
/// <code>p &lt;- clip(p + sign(r - target) batch interval / (1000 kimg), 0, 1)        r = mean of sign(s(real)) over those updates</code>
/// so p goes from 0 to 1 in no less than <c>kimg</c> thousand images. Source: Karras et al. 2020, "Training generative adversarial networks
/// with limited data", section 3.1.
/// </summary>
/// <remarks>The host needs p to draw, and keeps it with the number of updates; on a GPU only the sum of the signs lies there, and is read
/// every
/// <c>interval</c> updates.</remarks>
sealed class AdaptiveProbability
{
    readonly float target;
    readonly int interval;
    readonly double kimg;
    readonly Parameter p, signs, updates;

    /// <param name="name">What the names of its state begin with.</param>
    /// <param name="device">Where the scores are.</param>
    /// <param name="target">The r that p is to keep.</param>
    /// <param name="interval">Updates of the discriminator between two changes of p.</param>
    /// <param name="kimg">Thousands of images in which p can go from 0 to 1.</param>
    /// <param name="initial">p at first.</param>
    public AdaptiveProbability(string name, Device device, double target, int interval, double kimg, double initial)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kimg);
        (this.target, this.interval, this.kimg) = ((float)target, interval, kimg);
        p = new Parameter($"{name}_p", Tensor.Scalar((float)initial), trainable: false);
        updates = new Parameter($"{name}_updates", Tensor.Scalar(0), trainable: false) { IsInteger = true };
        signs = new Parameter($"{name}_signs", Tensor.Scalar(0, device), trainable: false);
    }

    public IReadOnlyList<Parameter> State => [p, signs, updates];

    /// <summary>p under its name, for the log.</summary>
    public IEnumerable<(string Name, double Value)> Metrics => [(p.Name, Value)];

    /// <summary>p.</summary>
    public float Value => p.Value.Item();

    /// <summary>Is shown the scores of the real images of each update, in parts.</summary>
    public void Observe(IReadOnlyList<Tensor> realScores)
    {
        int batch = realScores.Sum(s => s.Count);
        Tensor sum = realScores.Select(s => Ops.Sum(Ops.Sign(s))).Aggregate((a, b) => a + b);
        signs.Assign(signs.Value + sum * (1f / batch));
        int count = (int)updates.Value.Item() + 1;
        if (count >= interval)
        {
            float r = signs.Value.Item() / count, step = (float)(batch * (double)interval / (1000 * kimg));
            p.Assign([Math.Clamp(Value + (r > target ? step : r < target ? -step : 0), 0, 1)]);
            signs.Assign(Tensor.Scalar(0, signs.Device));
            count = 0;
        }
        updates.Assign([count]);
    }
}
