using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// Batch normalisation with the statistics of the batch, over all axes but the last, and the activation that follows.
    /// <code>x [..., C]  weight [C]  bias [C]     M = elements per channel
    /// m = mean x,  s2 = mean (x - m)^2,  xh = (x - m) / sqrt(s2 + eps),  y = act(weight xh + bias)
    /// Backward:  z = g act'(y)   dweight = sum z xh   dbias = sum z
    /// dx = weight / (M sqrt(s2 + eps)) (M z - dbias - xh dweight)</code>
    /// Source: Ioffe and Szegedy 2015. <paramref name="mean"/> and <paramref name="variance"/> (biased) are for running statistics; no
    /// gradient flows through them.
    /// </summary>
    public static Tensor BatchNorm(Tensor x, Tensor weight, Tensor bias, float epsilon, Activation activation, out Tensor mean,
        out Tensor variance)
    {
        BatchNormSpec c = BatchNormCheck(x, weight, bias, epsilon, activation);
        if (c.Rows == 0) throw new ShapeException($"batch_norm: x {x.Shape} is empty, so it has no statistics.");
        if (x.Backend is not IFusedBatchNorm fused)
        {
            Tensor composed = BatchNormReference(x, weight, bias, epsilon, out Tensor m, out Tensor s2);
            (mean, variance) = (m.Detach(), s2.Detach());
            return Activate(composed, activation);
        }
        Tensor y = Tensor.Empty(x.Shape, x.Device);
        mean = Tensor.Empty(new Shape(c.Channels), x.Device);
        variance = Tensor.Empty(new Shape(c.Channels), x.Device);
        fused.BatchNorm(x.Storage, weight.Storage, bias.Storage, y.Storage, mean.Storage, variance.Storage, c);
        return Autograd.RecordJoint("batch_norm", y, new Normalized(x, weight, bias, y, mean, variance, c), inputs: [x, weight, bias],
            static (g, s, d) =>
            {
                if (Autograd.IsRecording)
                {
                    GradOfReference(g, d, [s.X, s.Weight, s.Bias], s.Spec,
                        static (x, c) => Activate(BatchNormReference(x[0], x[1], x[2], c.Epsilon, out _, out _), c.Activation));
                    return;
                }
                Tensor dx = InPlaceOf(g), dweight = Tensor.Empty(s.Weight.Shape, g.Device), dbias = Tensor.Empty(s.Weight.Shape, g.Device);
                ((IFusedBatchNorm)g.Backend).BatchNormBackward(g.Storage, s.X.Storage, s.Y.Storage, s.Weight.Storage, s.Mean.Storage,
                    s.Variance.Storage, dx.Storage, dweight.Storage, dbias.Storage, s.Spec);
                (d[0], d[1], d[2]) = (dx, dweight, dbias);
            });
    }

    internal readonly record struct Normalized(Tensor X, Tensor Weight, Tensor Bias, Tensor Y, Tensor Mean, Tensor Variance,
        BatchNormSpec Spec)
        : ISaved<Normalized>
    {
        public Normalized Keep(SavedTensors by) =>
            new(by.Keep(X), by.Keep(Weight), by.Keep(Bias), by.Keep(Y), by.Keep(Mean), by.Keep(Variance), Spec);
    }

    /// <summary>Batch normalisation with given statistics: y = act(weight (x - mean) / sqrt(variance + eps) + bias), for
    /// inference.</summary>
    public static Tensor BatchNormInference(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, float epsilon,
        Activation activation = default)
    {
        BatchNormSpec c = BatchNormCheck(x, weight, bias, epsilon, activation);
        Check.Vector("batch_norm", "mean", mean, c.Channels, "one per channel of x");
        Check.Vector("batch_norm", "variance", variance, c.Channels, "one per channel of x");
        bool tracked = Autograd.IsRecording && (x.IsTracked || weight.IsTracked || bias.IsTracked);
        if (tracked || x.Backend is not IFusedBatchNorm fused)
            return Activate((x - mean) * (weight / Sqrt(variance + epsilon)) + bias, activation);
        Tensor y = Tensor.Empty(x.Shape, x.Device);
        fused.BatchNormInference(x.Storage, weight.Storage, bias.Storage, mean.Storage, variance.Storage, y.Storage, c);
        return Autograd.Note("batch_norm_inference", y, new Normalized(x, weight, bias, y, mean, variance, c), x, weight, bias);
    }

    /// <summary>The definition of <see cref="BatchNorm"/>, without the activation.</summary>
    internal static Tensor BatchNormReference(Tensor x, Tensor weight, Tensor bias, float epsilon, out Tensor mean, out Tensor variance)
    {
        Tensor rows = Reshape(x, -1, x.Shape[-1]);
        // Twice, since a rounded mean leaves a part of itself in the differences, which is all there is in a channel of equal numbers,
        // and dividing by sqrt(eps) makes much of it. The first mean is a constant: it takes no part in the gradient of x minus its mean.
        mean = Mean(rows.Detach(), [0]);
        Tensor shifted = rows - mean, centred = shifted - Mean(shifted, [0]);
        variance = Mean(Square(centred), [0]);
        return Reshape(weight * (centred / Sqrt(variance + epsilon)) + bias, x.Shape);
    }

    static BatchNormSpec BatchNormCheck(Tensor x, Tensor weight, Tensor bias, float epsilon, Activation activation)
    {
        if (x.Rank < 2) throw new ShapeException($"batch_norm: x {x.Shape} must have at least 2 axes, [..., C].");
        int channels = x.Shape[-1];
        Check.SameDevice("batch_norm", x, weight);
        Check.SameDevice("batch_norm", x, bias);
        Check.Vector("batch_norm", "weight", weight, channels, "one per channel of x");
        Check.Vector("batch_norm", "bias", bias, channels, "one per channel of x");
        return new BatchNormSpec(channels == 0 ? 0 : x.Count / channels, channels, epsilon, activation);
    }
}
