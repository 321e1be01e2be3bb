using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// y = ln sum exp x along an axis, whatever the size of x: with the largest x, which is a constant here, in front,
    /// <code>y = m + ln sum exp(x - m)        dx = g softmax(x)</code>
    /// -infinity where all are -infinity, +infinity where any is.
    /// </summary>
    public static Tensor LogSumExp(Tensor x, int axis = -1, bool keepDims = false)
    {
        Tensor largest = Max(x.Detach(), [axis], keepDims: true), infinite = Equal(Abs(largest), float.PositiveInfinity);
        Tensor m = Share(largest, 1 - infinite);
        Tensor y = Log(Sum(Exp(x - m), [axis], keepDims: true)) + m;
        return keepDims ? y : Squeeze(y, axis);
    }

    /// <summary>As <see cref="Softmax(Tensor)"/>, along another axis.</summary>
    public static Tensor Softmax(Tensor x, int axis)
    {
        axis = x.Shape.Axis(axis);
        return axis == x.Rank - 1 ? Softmax(x) : Transpose(Softmax(Transpose(x, axis, -1)), axis, -1);
    }

    /// <summary>y = x - ln sum exp x along an axis: the logarithm of the softmax, finite where the softmax is 0.</summary>
    public static Tensor LogSoftmax(Tensor x, int axis = -1) => x - LogSumExp(x, axis, keepDims: true);

    /// <summary>
    /// Cross entropy of classes: the mean over rows of -ln softmax(x)[label].  x [N, C], a label for each row.
    /// <code>y = -mean_i sum_c t_ic logsoftmax(x)_ic
    /// t = 1 - smoothing + smoothing / C for the label, smoothing / C for the others</code>
    /// NaN without rows, as PyTorch has it. Source of smoothing: Szegedy et al. 2016.
    /// </summary>
    public static Tensor CrossEntropy(Tensor x, IndexTensor labels, float labelSmoothing = 0)
    {
        Check.Rank("cross_entropy", "x", x, 2, "[N, C]");
        if (labels.Count != x.Shape[0])
            throw new ShapeException($"cross_entropy: x {x.Shape} has {x.Shape[0]} rows, there are {labels.Count} labels.");
        CheckSmoothing(labelSmoothing);
        Tensor logs = LogSoftmax(x), y = -Mean(GatherAlong(logs, 1, labels));
        return labelSmoothing == 0 ? y : (1 - labelSmoothing) * y - labelSmoothing * Mean(logs);
    }

    /// <summary>Cross entropy with probabilities: -mean_i sum_c t_ic logsoftmax(x)_ic.  x, t [N, C], a row of t sums to 1.</summary>
    public static Tensor CrossEntropy(Tensor x, Tensor t, float labelSmoothing = 0)
    {
        Check.Rank("cross_entropy", "x", x, 2, "[N, C]");
        Check.Shape("cross_entropy", "t", t, x.Shape, "a probability for each class");
        CheckSmoothing(labelSmoothing);
        Tensor logs = LogSoftmax(x), y = -Mean(Sum(t * logs, [1]));
        return labelSmoothing == 0 ? y : (1 - labelSmoothing) * y - labelSmoothing * Mean(logs);
    }

    /// <summary>
    /// Binary cross entropy: the mean of -t ln sigmoid(x) - (1 - t) ln(1 - sigmoid(x)) = softplus(x) - t x, whatever the
    /// size of x.  t in [0, 1], x's shape.
    /// </summary>
    public static Tensor BinaryCrossEntropy(Tensor x, Tensor t)
    {
        Check.Shape("binary_cross_entropy", "t", t, x.Shape, "a probability for each x");
        return Mean(Softplus(x) - t * x);
    }

    static void CheckSmoothing(float smoothing)
    {
        if (!(smoothing is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "cross_entropy: the label smoothing must be in [0, 1].");
    }
}
