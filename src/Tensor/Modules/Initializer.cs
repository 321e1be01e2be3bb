using System.Numerics;
using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>How a weight is first filled.</summary>
public enum WeightInit
{
    /// <summary>U(-b, b) with b = 1 / sqrt(fan_in), weights and biases: what PyTorch does for linear and convolution layers.</summary>
    TorchDefault,

    /// <summary>U(-b, b) with b = sqrt(6 / (fan_in + fan_out)), biases 0 (Glorot and Bengio 2010).</summary>
    XavierUniform,

    /// <summary>N(0, 0.02^2), biases 0 (Radford et al. 2016).</summary>
    Normal002,

    /// <summary>Rows (or columns, where there are fewer) orthonormal, biases 0 (Saxe et al. 2014).</summary>
    Orthogonal,
}

/// <summary>Fills new weights: a convention and the random numbers for it.</summary>
/// <param name="random">The source; the same seed gives the same weights.</param>
/// <param name="init">The convention.</param>
/// <param name="device">Where the parameters live.</param>
public sealed class Initializer(RandomSource random, WeightInit init = WeightInit.TorchDefault, Device? device = null)
{
    /// <summary>Where the random numbers come from.</summary>
    public RandomSource Random => random;

    /// <summary>Where the parameters live.</summary>
    public Device Device { get; } = device ?? Device.Cpu;

    /// <summary>A weight of this shape. The rows of the matrix that orthogonality is about are the entries of the first axis.</summary>
    public Tensor Weight(Shape shape, int fanIn, int fanOut) => init switch
    {
        WeightInit.TorchDefault => Uniform(shape, 1 / Math.Sqrt(fanIn)),
        WeightInit.XavierUniform => Uniform(shape, Math.Sqrt(6.0 / (fanIn + fanOut))),
        WeightInit.Normal002 => random.Normal(shape, Device) * 0.02f,
        WeightInit.Orthogonal => Orthogonal(shape),
        _ => throw new ArgumentOutOfRangeException(nameof(shape), init, "unknown weight initialisation."),
    };

    /// <summary>A table of class vectors [classes, width]: N(0, 1) as PyTorch's Embedding, else as a weight.</summary>
    public Tensor Table(int classes, int width)
    {
        Shape shape = new(classes, width);
        return init == WeightInit.TorchDefault ? random.Normal(shape, Device) : Weight(shape, classes, width);
    }

    /// <summary>A bias of this length.</summary>
    public Tensor Bias(int count, int fanIn) =>
        init == WeightInit.TorchDefault ? Uniform(new Shape(count), 1 / Math.Sqrt(fanIn)) : Tensor.Zeros(new Shape(count), Device);

    /// <summary>A unit vector in a random direction: N(0, 1) divided by its norm.</summary>
    public Tensor UnitVector(Shape shape)
    {
        Tensor x = random.Normal(shape, Device);
        return x / Ops.Sqrt(Ops.Sum(Ops.Square(x)));
    }

    /// <summary>N(0, 1) without what lies beyond +-2, as TensorFlow's truncated normal: a number that does is drawn anew.</summary>
    public Tensor TruncatedNormal(Shape shape)
    {
        float[] x = random.Normal(shape, Device).ToArray();
        for (int at; (at = Array.FindIndex(x, v => Math.Abs(v) > 2)) >= 0;)
        {
            float[] more = random.Normal(shape, Device).ToArray();
            for (int i = at; i < x.Length; i++)
                if (Math.Abs(x[i]) > 2) x[i] = more[i];
        }
        return Tensor.From(x, shape, Device);
    }

    Tensor Uniform(Shape shape, double bound) => random.Uniform(shape, (float)-bound, (float)bound, Device);

    // Gram-Schmidt in double on the rows of the smaller side, twice, which is enough for orthogonality to rounding error.
    Tensor Orthogonal(Shape shape)
    {
        int rows = shape[0], columns = shape.Count / rows;
        bool transpose = rows > columns;
        (int m, int n) = transpose ? (columns, rows) : (rows, columns);
        double[] q = [.. random.Normal(new Shape(m, n), Device).ToArray().Select(x => (double)x)];
        for (int i = 0; i < m; i++)
        {
            Span<double> row = q.AsSpan(i * n, n);
            for (int pass = 0; pass < 2; pass++)
                for (int j = 0; j < i; j++)
                {
                    ReadOnlySpan<double> other = q.AsSpan(j * n, n);
                    AddScaled(row, other, -Dot(row, other));
                }
            double norm = Math.Sqrt(Dot(row, row));
            for (int k = 0; k < n; k++) row[k] /= norm;
        }
        float[] w = new float[shape.Count];
        for (int i = 0; i < m; i++)
            for (int k = 0; k < n; k++) w[transpose ? k * m + i : i * n + k] = (float)q[i * n + k];
        return Tensor.From(w, shape, Device);
    }

    // Large layers need some 1e10 of these products: 1024 x 9216 would take half a minute one by one.
    static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Vector<double> sum = Vector<double>.Zero, more = Vector<double>.Zero;
        int i = 0, step = Vector<double>.Count;
        for (; i <= a.Length - 2 * step; i += 2 * step)
        {
            sum += new Vector<double>(a[i..]) * new Vector<double>(b[i..]);
            more += new Vector<double>(a[(i + step)..]) * new Vector<double>(b[(i + step)..]);
        }
        double dot = Vector.Sum(sum + more);
        for (; i < a.Length; i++) dot += a[i] * b[i];
        return dot;
    }

    static void AddScaled(Span<double> y, ReadOnlySpan<double> x, double scale)
    {
        int i = 0, step = Vector<double>.Count;
        for (; i <= y.Length - step; i += step) (new Vector<double>(y[i..]) + scale * new Vector<double>(x[i..])).CopyTo(y[i..]);
        for (; i < y.Length; i++) y[i] += scale * x[i];
    }
}
