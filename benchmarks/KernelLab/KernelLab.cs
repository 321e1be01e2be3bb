using Sagan.Native.Kernels;

namespace Sagan.Native.Measuring;

/// <summary>
/// Compares a kernel with another: first whether it is right, then how fast it is.
/// <code>
/// KernelComparison c = KernelLab.Compare&lt;int&gt;(
///     reference: (n, o) => { for (int i = 0; i &lt; n; i++) o.Write(0)[i] = MathF.Tanh(o.Read(0)[i]); },
///     candidate: (n, o) => MyTanh(o.Read(0), o.Write(0)),
///     shapes: [new("1 M", 1 &lt;&lt; 20, Inputs: [1 &lt;&lt; 20], Outputs: [1 &lt;&lt; 20])]);
/// Console.WriteLine(c);
/// </code>
/// Under BenchmarkDotNet, make <see cref="Operands"/> in the set-up and give them to the kernel.
/// </summary>
public static class KernelLab
{
    /// <summary>
    /// Both kernels on each shape. The candidate's results must agree with the reference's before anything is timed; see
    /// <see cref="Agreement.Check"/>, whose exception this throws. They are timed in turn, so that what disturbs the machine disturbs both.
    /// </summary>
    /// <param name="reference">Computes outputs from inputs.</param>
    /// <param name="candidate">Does the same, one hopes faster.</param>
    /// <param name="shapes">Your own sizes.</param>
    /// <param name="tolerance">The largest difference, relative to the root mean square of the reference's results.</param>
    /// <param name="seconds">How long each shape is timed.</param>
    public static KernelComparison Compare<T>(Action<T, Operands> reference, Action<T, Operands> candidate,
        IEnumerable<KernelShape<T>> shapes, double tolerance = 1e-4, double seconds = 0.5)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(shapes);
        Device device = Device.Cpu;
        KernelShape<T>[] all = [.. shapes];
        double[] errors = [.. all.Select(Error)];
        MachinePeak peak = MachinePeak.Measure(device);
        using KernelClock clock = new(device);
        return new KernelComparison([.. all.Zip(errors, Row)], peak);

        double Error(KernelShape<T> shape)
        {
            using Operands o = new(device, shape.Inputs, shape.Outputs);
            reference(shape.Value, o);
            float[] expected = o.Results();
            o.Forget();
            candidate(shape.Value, o);
            return Agreement.Check(shape.Name, expected, o.Results(), tolerance);
        }

        KernelComparisonRow Row(KernelShape<T> shape, double error)
        {
            using Operands o = new(device, shape.Inputs, shape.Outputs);
            void First() => reference(shape.Value, o);
            void Second() => candidate(shape.Value, o);
            Samples[] warm = clock.Warm(seconds, First, Second);
            return new(shape.Name, warm[0], warm[1], clock.Cold(First), clock.Cold(Second), error,
                peak.Percent(shape.Flops, shape.Bytes, warm[1].Median));
        }
    }
}
