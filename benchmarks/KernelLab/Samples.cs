using System.Globalization;
using Perfolizer.Mathematics.SignificanceTesting.Base;
using Perfolizer.Mathematics.SignificanceTesting.MannWhitney;
using Perfolizer.Metrology;
using Pragmastat;

namespace Sagan.Native.Measuring;

/// <summary>How long calls of a kernel took, in seconds.</summary>
public sealed class Samples
{
    /// <summary>The chance of an accident above which a difference is not called one.</summary>
    public const double Significance = 0.001;

    readonly double[] sorted;

    /// <summary>Of these calls. Throws <see cref="ArgumentException"/> where there is none, or one took no time.</summary>
    public Samples(IEnumerable<double> seconds)
    {
        sorted = [.. seconds.Order()];
        if (sorted.Length == 0 || !(sorted[0] > 0) || !double.IsFinite(sorted[^1]))
            throw new ArgumentException($"samples are {sorted.Length} times, each of which must be above 0 and finite.", nameof(seconds));
    }

    /// <summary>The times, from the shortest to the longest.</summary>
    public IReadOnlyList<double> Seconds => sorted;

    /// <summary>Number of calls that were timed.</summary>
    public int Count => sorted.Length;

    /// <summary>The time that half of the calls stayed below.</summary>
    public double Median => Quantile(0.5);

    /// <summary>Half of the distance between the quartiles: half of the calls were nearer to the median than about that.</summary>
    public double Noise => (Quantile(0.75) - Quantile(0.25)) / 2;

    /// <summary>The time that this fraction of the calls stayed below, between neighbours by proportion.</summary>
    public double Quantile(double fraction)
    {
        double at = fraction * (sorted.Length - 1);
        int i = (int)at;
        return i + 1 == sorted.Length ? sorted[i] : sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]);
    }

    /// <summary>
    /// Whether these calls took longer than others by more than a fraction of their time, and not by accident: the rank-sum test of Mann
    /// and Whitney (1947), one-sided, of this sample against the other one made longer by the fraction. It knows the noise inside of both
    /// runs, and nothing of what changes from one run to the next: another clock, another neighbour.
    /// </summary>
    public bool IsLongerThan(Samples other, double fraction = 0)
    {
        ArgumentNullException.ThrowIfNull(other);
        Sample here = new(sorted), there = new([.. other.sorted.Select(s => s * (1 + fraction))]);
        return MannWhitneyTest.Instance.Perform(here, there, AlternativeHypothesis.Greater, Threshold.Zero).PValue
            < Significance;
    }

    /// <summary>For example <c>1.234 ms +- 0.010 (200)</c>: median, noise, and how many calls.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{1e3 * Median:0.0000} ms +- {1e3 * Noise:0.0000} ({Count})");
}
