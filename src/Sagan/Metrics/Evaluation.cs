using System.Globalization;

namespace Sagan.Native.Metrics;

/// <summary>A number with all that it depends on.</summary>
/// <param name="Id">What options call it: fid, kid, is, precision, recall, density, coverage, intra-fid.</param>
/// <param name="Name">What it is called over this network: FID, proxy-FID, ...</param>
/// <param name="Value">The number.</param>
/// <param name="Deviation">Over subsets or splits, where it is a mean over such.</param>
/// <param name="Images">Number of generated images.</param>
/// <param name="ReferenceImages">Number of real ones; null where none are looked at.</param>
public sealed record MetricResult(string Id, string Name, double Value, double? Deviation, int Images, int? ReferenceImages)
{
    /// <summary>For example <c>proxy-KID 0.0123 +- 0.0004 (10000 generated, 5000 real)</c>.</summary>
    public override string ToString()
    {
        string deviation = Deviation is { } d ? string.Create(CultureInfo.InvariantCulture, $" +- {d:G4}") : "";
        string reference = ReferenceImages is { } n ? $", {n} real" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Name,-18} {Value:G6}{deviation}   ({Images} generated{reference})");
    }
}

/// <summary>Computes the metrics that were asked for from features of both sets.</summary>
public static class Evaluation
{
    /// <summary>What can be asked for.</summary>
    public static IReadOnlyList<string> Metrics { get; } = ["fid", "kid", "is", "prdc", "intra-fid"];

    /// <summary>The ids of the numbers, for thresholds.</summary>
    public static IReadOnlyList<string> Numbers { get; } = ["fid", "kid", "is", "precision", "recall", "density", "coverage", "intra-fid",
        "consistency"];

    /// <summary>What tables call a metric over the published network.</summary>
    public static string NameOf(string metric) => metric switch
    {
        "fid" => "FID",
        "kid" => "KID",
        "is" => "IS",
        "intra-fid" => "intra-FID",
        _ => metric,
    };

    /// <summary>The fewest images of either set that a metric has a value for.</summary>
    public static int LeastImages(string metric) => metric == "prdc" ? Manifold.DensityNeighbours + 1 : 2;

    /// <summary>
    /// Why a metric has no value for sets of this many images, or null where it has one. The Inception score looks at no real image.
    /// </summary>
    public static string? TooFew(string metric, int images, int references)
    {
        int least = LeastImages(metric), fewest = metric == "is" ? images : Math.Min(images, references);
        return fewest >= least ? null : $"{Features.Images(images)} to judge and {references} real; at least {least} of each are needed";
    }

    /// <summary>All of these metrics but intra-fid, which needs features by class: see <see cref="IntraFrechetDistance"/>.</summary>
    public static IReadOnlyList<MetricResult> Of(IEnumerable<string> metrics, FeatureNetwork network, Features real, Features fake,
        ulong seed)
    {
        ArgumentNullException.ThrowIfNull(metrics);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(real);
        ArgumentNullException.ThrowIfNull(fake);
        List<MetricResult> results = [];
        foreach (string metric in metrics)
            switch (metric)
            {
                case "fid":
                    Add("fid", "FID", FrechetDistance.Of(real, fake));
                    break;
                case "kid":
                    MeanAndDeviation kid = KernelDistance.Of(real, fake, seed);
                    Add("kid", "KID", kid.Mean, kid.Deviation);
                    break;
                case "is":
                    MeanAndDeviation score = InceptionScore.Of(fake);
                    results.Add(new MetricResult("is", network.NameOf("IS"), score.Mean, score.Deviation, fake.Count, null));
                    break;
                case "prdc":
                    PrecisionRecall p = Manifold.Of(real, fake);
                    Add("precision", "precision", p.Precision);
                    Add("recall", "recall", p.Recall);
                    Add("density", "density", p.Density);
                    Add("coverage", "coverage", p.Coverage);
                    break;
            }
        return results;

        void Add(string id, string name, double value, double? deviation = null) =>
            results.Add(new MetricResult(id, network.NameOf(name), value, deviation, fake.Count, real.Count));
    }

    /// <summary>What a reader of these numbers must know.</summary>
    public static IEnumerable<string> Cautions(FeatureNetwork network, IReadOnlyList<MetricResult> results)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(results);
        foreach (MetricResult r in results
            .Where(r => r.Id is "fid" && Math.Min(r.Images, r.ReferenceImages ?? r.Images) < FrechetDistance.FewImages))
            yield return $"{r.Name} of {r.Images} generated and {r.ReferenceImages} real images: with fewer than "
                + $"{FrechetDistance.FewImages} it is biased "
                + "upwards; compare it only with values of equally many.";
        if (network.IsProxy)
            yield return $"the feature network {network.Name} was trained on the data set itself: its numbers compare generators of this "
                + "data set, "
                + "and must not be compared with published ones. For those give --network the Inception weights.";
    }
}
