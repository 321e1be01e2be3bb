using System.Globalization;

namespace Sagan.Native.Training.Diagnosis;

/// <summary>
/// A run judged by its curves and samples. Rules with thresholds, each with its evidence; a run of which nothing is to be said gets none.
/// What each looks at is in docs/watching.md.
/// </summary>
public static class RunDiagnosis
{
    /// <summary>The findings, the gravest first.</summary>
    /// <param name="run">What is known of the run.</param>
    public static IReadOnlyList<Finding> Of(RunHistory run) => Of(run, new SampleSpread());

    /// <summary>The same, with pictures that were looked at before.</summary>
    internal static IReadOnlyList<Finding> Of(RunHistory run, SampleSpread spread)
    {
        ArgumentNullException.ThrowIfNull(run);
        List<Finding> found = [];
        Add(LossRules.NotFinite(run));
        // Where one of these holds, the next only says again what follows from it.
        if (found.Count == 0) Add(LossRules.DiscriminatorWon(run));
        if (found.Count == 0) Add(LossRules.Diverging(run));
        if (found.Count == 0) Add(LossRules.Swinging(run));
        Add(ProgressRules.Collapsed(run, spread));
        Add(ProgressRules.Measure(run));
        Add(ProgressRules.GammaZero(run));
        Add(ProgressRules.Waiting(run));
        return [.. found.OrderBy(f => f.Kind)];

        void Add(Finding? finding)
        {
            if (finding != null) found.Add(finding);
        }
    }

    internal static CultureInfo C => CultureInfo.InvariantCulture;

    /// <summary>The command that goes on with the run, with these changes.</summary>
    internal static string Resume(RunHistory run, params string[] more) => ShellCommand.Of(["resume", run.Folder, .. more]);

    /// <summary>The command that begins the run again, in another folder, with these changes.</summary>
    internal static string Anew(RunHistory run, params string[] more) => StartingPoint.CommandAnew(
        Path.Combine(run.Folder, RunFolder.Config),
        StartingPoint.Of(name => run.Sessions.SelectMany(s => s.Facts).Where(f => f.Name == name).Select(f => f.Value).FirstOrDefault()),
        more);

    internal static string Number(double x) => x.ToString("G3", C);

    internal static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
