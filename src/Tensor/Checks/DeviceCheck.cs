using Sagan.Native.Kernels;

namespace Sagan.Native.Checks;

/// <summary>Where two devices differ most in the results of an operation.</summary>
/// <param name="Output"><c>value</c>, or <c>gradient i</c> with respect to input i.</param>
/// <param name="Element">Which element of it, counted in memory order.</param>
/// <param name="Actual">What the device that is checked computed there.</param>
/// <param name="Expected">What the other computed.</param>
/// <param name="Error">|Actual - Expected| / max(1, largest |Expected| of this output); infinite where NaN stands against a number.</param>
readonly record struct DeviceDifference(string Output, int Element, float Actual, float Expected, double Error)
{
    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Output}[{Element}] is {Actual:G9}, expected {Expected:G9}");
}

/// <summary>Runs an operation on two devices with the same inputs and compares its value and its gradients, for a fixed cotangent,
/// element by element.</summary>
static class DeviceCheck
{
    /// <summary>The largest <see cref="DeviceDifference.Error"/> that passes: float32 sums of the cases' lengths in any order stay well
    /// below it.</summary>
    public const double Tolerance = 2e-5;

    /// <summary>
    /// The same where factors of products are rounded. A product's error is at most 2^-10 (TF32) or 2^-7 (BF16) of the sum of its
    /// absolute terms, which is a few times the largest element where terms cancel, and an operation's gradient may be a product of
    /// products: eight times that.
    /// </summary>
    public static double ToleranceOf(MatMulPrecision precision) => precision switch
    {
        MatMulPrecision.High => Tolerance + 8.0 / (1 << 10),
        MatMulPrecision.Medium => Tolerance + 8.0 / (1 << 7),
        _ => Tolerance,
    };

    /// <summary>
    /// The worst element. Where products may be rounded, all are, however small: the cases have none of the size from which on tensor
    /// cores are worth while.
    /// </summary>
    public static DeviceDifference Run(OpCase c, Device device, Device against, ulong seed = 1) => Step.Run(() =>
    {
        float[][] expected = Evaluate(c, against, seed);
        float[][] actual = device.WithTensorCoresForAllProducts(() => Evaluate(c, device, seed));
        DeviceDifference worst = new("value", 0, 0, 0, 0);
        for (int i = 0; i < expected.Length; i++)
        {
            double scale = Math.Max(1, expected[i].DefaultIfEmpty().Max(Math.Abs));
            for (int k = 0; k < expected[i].Length; k++)
            {
                (float a, float e) = (actual[i][k], expected[i][k]);
                double error = a.Equals(e) ? 0 : Math.Abs((double)a - e) / scale;
                // A NaN must not lose to a number.
                if (double.IsNaN(error)) error = double.PositiveInfinity;
                if (error > worst.Error) worst = new DeviceDifference(i == 0 ? "value" : $"gradient {i - 1}", k, a, e, error);
            }
        }
        return worst;
    });

    static float[][] Evaluate(OpCase c, Device device, ulong seed)
    {
        Tensor[] x = [.. c.MakeInputs(device, seed).Select(t => t.Detach().RequireGrad())];
        Tensor y = c.F(x);
        float[] g = [.. Enumerable.Range(0, y.Count).Select(i => MathF.Sin(1 + i))];
        float[] value = y.ToArray();
        if (!y.IsTracked) return [value];
        Tensor[] d = Autograd.Grad(Ops.Sum(y * Tensor.From(g, y.Shape, device)), x);
        return [value, .. d.Select(t => t.ToArray())];
    }
}
