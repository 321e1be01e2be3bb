using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Metrics.Inception;

/// <summary>A tensor of a weights file by its name, in PyTorch's layout; null where the file has none.</summary>
delegate (float[] Values, int[] Shape)? NamedWeights(string name);

/// <summary>
/// A convolution without bias, batch norm with running statistics, and ReLU, folded into one convolution:
/// <code>w' = w g / sqrt(var + 1e-3)   b' = beta - mean g / sqrt(var + 1e-3)   y = relu(conv(x, w') + b')</code>
/// </summary>
sealed class InceptionConv : Module
{
    const double Epsilon = 1e-3;

    readonly Parameter weight, bias;
    readonly int stride, padHeight, padWidth;

    /// <param name="file">Where the weights are: <c>name.conv.weight</c> [out, in, kh, kw] and <c>name.bn.weight</c>, <c>.bias</c>,
    /// <c>.running_mean</c>,
    /// <c>.running_var</c>.</param>
    /// <param name="name">The layer's name in the file.</param>
    /// <param name="shape">[out, in, kh, kw], as in the file.</param>
    /// <param name="stride">Of the windows.</param>
    /// <param name="padHeight">Zeros above and below.</param>
    /// <param name="padWidth">Zeros left and right.</param>
    /// <param name="device">Where it computes.</param>
    public InceptionConv(NamedWeights file, string name, (int Out, int In, int Height, int Width) shape, int stride, int padHeight,
        int padWidth, Device device)
    {
        (int co, int ci, int kh, int kw) = shape;
        float[] w = Read(file, $"{name}.conv.weight", co, ci, kh, kw);
        float[] gamma = Vector("weight"), beta = Vector("bias"), mean = Vector("running_mean"), variance = Vector("running_var");
        float[] folded = new float[w.Length], shift = new float[co];
        for (int o = 0; o < co; o++)
        {
            double scale = gamma[o] / Math.Sqrt(variance[o] + Epsilon);
            shift[o] = (float)(beta[o] - mean[o] * scale);
            for (int c = 0; c < ci; c++)
                for (int k = 0; k < kh * kw; k++) folded[(o * kh * kw + k) * ci + c] = (float)(w[(o * ci + c) * kh * kw + k] * scale);
        }
        weight = Own(new Parameter("weight", Tensor.From(folded, new Shape(co, kh, kw, ci), device), trainable: false));
        bias = Own(new Parameter("bias", Tensor.From(shift, new Shape(co), device), trainable: false));
        (this.stride, this.padHeight, this.padWidth) = (stride, padHeight, padWidth);

        float[] Vector(string part) => Read(file, $"{name}.bn.{part}", co);
    }

    /// <summary>The values of a tensor that must be there in this shape.</summary>
    public static float[] Read(NamedWeights file, string name, params int[] shape)
    {
        string wanted = $"[{string.Join(", ", shape)}]";
        (float[] values, int[] found) = file(name)
            ?? throw new RunFileException($"the file of Inception weights has no tensor '{name}' {wanted}; "
            + "it must hold the network that FID is defined by, pt_inception-2015-12-05.");
        return found.SequenceEqual(shape)
            ? values
            : throw new RunFileException($"'{name}' is [{string.Join(", ", found)}] in the file of Inception weights, {wanted} in the "
                + "network.");
    }

    protected override Tensor Forward(Tensor x)
    {
        if (padHeight == padWidth) return Ops.Conv2d(x, weight, bias, stride, padHeight, Activation.Relu);
        Tensor y = padHeight > 0 ? Ops.Pad(x, 1, padHeight, x.Shape[1] + 2 * padHeight) : x;
        return Ops.Conv2d(padWidth > 0 ? Ops.Pad(y, 2, padWidth, y.Shape[2] + 2 * padWidth) : y, weight, bias, stride, 0, Activation.Relu);
    }
}
