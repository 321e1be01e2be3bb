using System.Globalization;

namespace Sagan.Native.Measuring;

/// <summary>Two kernels on one shape.</summary>
/// <param name="Shape">Its name.</param>
/// <param name="Reference">Calls with warm caches.</param>
/// <param name="Candidate">The same of the candidate.</param>
/// <param name="ColdReference">Calls after other numbers went through the caches.</param>
/// <param name="ColdCandidate">The same of the candidate.</param>
/// <param name="Error">Largest difference of the results, relative to their root mean square.</param>
/// <param name="PercentOfRoof">Of the candidate, with warm caches: see <see cref="MachinePeak.Percent"/>.</param>
public sealed record KernelComparisonRow(string Shape, Samples Reference, Samples Candidate, Samples ColdReference, Samples ColdCandidate,
    double Error, double PercentOfRoof)
{
    /// <summary>How many times as fast the candidate is, by the medians.</summary>
    public double Ratio => Reference.Median / Candidate.Median;

    /// <summary>What the noise allows to say of that: <c>faster</c>, <c>slower</c>, or <c>equal</c> where it may be chance.</summary>
    public string Verdict => Reference.IsLongerThan(Candidate) ? "faster" : Candidate.IsLongerThan(Reference) ? "slower" : "equal";
}

/// <summary>What <see cref="KernelLab.Compare"/> found.</summary>
public sealed record KernelComparison(IReadOnlyList<KernelComparisonRow> Rows, MachinePeak Peak)
{
    /// <summary>A table, a line for each shape.</summary>
    public override string ToString() => string.Join('\n', Lines());

    IEnumerable<string> Lines()
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        yield return string.Create(culture, $"{"shape",-20} {"reference",30} {"candidate",30} {"ratio",7} {"",-7} {"cold ms",10} "
            + $"{"then",10} {"% of roof",9} {"error",8}");
        foreach (KernelComparisonRow r in Rows)
            yield return string.Create(culture, $"{r.Shape,-20} {r.Reference,30} {r.Candidate,30} {r.Ratio,6:0.00}x {r.Verdict,-7} "
                + $"{1e3 * r.ColdReference.Median,10:0.0000} {1e3 * r.ColdCandidate.Median,10:0.0000} {r.PercentOfRoof,9:0} "
                + $"{r.Error,8:0.0e-0}");
    }
}
