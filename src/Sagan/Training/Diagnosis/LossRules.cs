using static Sagan.Native.Training.Diagnosis.RunDiagnosis;

namespace Sagan.Native.Training.Diagnosis;

/// <summary>What losses and scores say.</summary>
static class LossRules
{
    const string Diverged = "training diverged: ";

    static readonly string[] Names = ["d_loss", "g_loss", "d_real", "d_fake"];

    /// <summary>A number that is none, or a session that ended as diverged.</summary>
    public static Finding? NotFinite(RunHistory run)
    {
        List<Evidence> evidence = [];
        foreach (Curve c in run.Curves)
        {
            int at = c.Values.TakeWhile(double.IsFinite).Count();
            if (at == c.Count) continue;
            string before = at == 0 ? "" : string.Create(C, $", and {Number(c.Values[at - 1])} at step {c.Steps[at - 1]}");
            evidence.Add(new Evidence(c.Name, c.Steps[at], c.Steps[^1],
                string.Create(C, $"{c.Name} is {Number(c.Values[at])} at step {c.Steps[at]}{before}")));
        }
        bool diverged = run.Sessions is [.., { Exit: "diverged" }];
        if (evidence.Count == 0 && !diverged) return null;
        evidence.Sort((a, b) => a.From.CompareTo(b.From));
        long since = evidence.Count > 0 ? evidence[0].From : run.Sessions[^1].Step ?? run.Step;
        string text = evidence.Count > 0 ? string.Create(C, $"training has diverged at step {since}: {evidence[0].Text}")
            : string.Create(C, $"training has failed at step {since}: {Reason(run)}");
        return new Finding(FindingKind.NotFinite, since, text, evidence.Take(8).ToArray(), HalfRates(run), AnewAtHalf(run));
    }

    static string Reason(RunHistory run) => run.Warnings.LastOrDefault(w => w.Contains(Diverged, StringComparison.Ordinal)) is { } said
        ? said[(said.IndexOf(Diverged, StringComparison.Ordinal) + Diverged.Length)..].TrimEnd('.')
        : "its last session ended as diverged";

    /// <summary>The loss of the discriminator near 0 up to the last line, for a tenth of the run and ten steps at least.</summary>
    public static Finding? DiscriminatorWon(RunHistory run)
    {
        if (run.Config is not { } config || Watchdog.ChanceLoss(config.Loss.Kind) is not { } chance || run["d_loss"] is not { } d)
            return null;
        double low = config.Watch.ZeroLoss * chance;
        // Backwards while eight of ten neighbours are low: a single batch may be a hard one.
        const int window = 10;
        int first = d.Count, near = 0;
        for (int i = d.Count - 1; i >= 0; i--)
        {
            if (IsLow(i)) near++;
            if (i + window < d.Count && IsLow(i + window)) near--;
            if (d.Count - i >= window && near < 8) break;
            if (IsLow(i)) first = i;
        }
        int length = d.Count - first, below = d.Values.Skip(first).Count(v => v < low);
        if (length < 3 || 10 * below < 9 * length || d.Steps[^1] - d.Steps[first] < Math.Max(10, (d.Steps[^1] - d.Steps[0]) / 10))
            return null;
        (long from, long to) = (d.Steps[first], d.Steps[^1]);
        List<Evidence> evidence =
        [
            new("d_loss", from, to, string.Create(C, $"d_loss is below {Number(low)} in {below} of {length} logged steps, {from} to {to}; "
                + $"a discriminator that cannot tell has {Number(chance)}")),
        ];
        if (run["d_real"] is { Count: > 0 } real && run["d_fake"] is { Count: > 0 } fake)
            evidence.Add(new Evidence("d_fake", from, to, string.Create(C, $"it scores real images {Number(real.Values[^1])} and samples "
                + $"{Number(fake.Values[^1])} at step {fake.Steps[^1]}")));
        string lower = Rate(config.Optimizer.DLearningRate / 4);
        return new Finding(FindingKind.DiscriminatorWon, from,
            string.Create(C, $"the discriminator has won since step {from}: {evidence[0].Text}"), evidence,
            $"begin anew with a lower --d-lr (now {Rate(config.Optimizer.DLearningRate)}), a higher --g-lr (now "
            + $"{Rate(config.Optimizer.GLearningRate)}), or --augment where there are few images", Anew(run, "--d-lr", lower));

        bool IsLow(int i) => d.Values[i] < low;
    }

    /// <summary>A loss or score that is twenty times what it was in the first half, and more than chance explains.</summary>
    public static Finding? Diverging(RunHistory run)
    {
        const double factor = 20;
        foreach (string name in Names)
        {
            if (run[name] is not { Count: >= 30 } c) continue;
            double[] size = [.. c.Values.Select(Math.Abs)];
            double[] early = [.. size[..(size.Length / 2)].Order()];
            double usual = Math.Max(1, early[early.Length * 9 / 10]), now = Median(size[^Math.Max(5, size.Length / 10)..]);
            if (now < factor * usual) continue;
            int first = size.Length - 1;
            while (first > 0 && size[first - 1] > factor / 4 * usual) first--;
            long from = c.Steps[first];
            Evidence evidence = new(name, from, c.Steps[^1], string.Create(C,
                $"|{name}| is {Number(now)} at the end, and was at most {Number(usual)} in nine of ten logged steps of the first half"));
            string text = string.Create(C, $"training has been diverging since step {from}: {evidence.Text}");
            return new Finding(FindingKind.Diverging, from, text, [evidence], HalfRates(run), AnewAtHalf(run));
        }
        return null;
    }

    /// <summary>The smoothed loss of the discriminator goes up and down by half of what chance loses, six times in the last half.</summary>
    public static Finding? Swinging(RunHistory run)
    {
        const int legs = 6;
        if (run.Config is not { } config || Watchdog.ChanceLoss(config.Loss.Kind) is not { } chance
            || run["d_loss"] is not { Count: >= 40 } d) return null;
        int window = Math.Max(3, d.Count / 40);
        List<(long Step, double Value)> turns = Turns(d, window, d.Count / 2, chance / 2);
        if (turns.Count - 1 < legs) return null;
        (double low, double high) = (Median(turns.Select(t => t.Value).Order().Take(turns.Count / 2)),
            Median(turns.Select(t => t.Value).Order().Skip(turns.Count / 2)));
        long from = turns[0].Step, to = d.Steps[^1];
        Evidence evidence = new("d_loss", from, to, string.Create(C, $"d_loss, averaged over {window} logged steps, turned "
            + $"{turns.Count - 1} times between some {Number(low)} and {Number(high)} in the steps {from} to {to}"));
        return new Finding(FindingKind.Swinging, from,
            string.Create(C, $"the losses have been swinging since step {from}: {evidence.Text}"), [evidence],
            HalfRates(run) + ", or a larger --batch", AnewAtHalf(run));
    }

    // Where the mean over a window turned by a height.
    static List<(long Step, double Value)> Turns(Curve c, int window, int start, double height)
    {
        List<(long Step, double Value)> turns = [];
        (long Step, double Value) extreme = default;
        int direction = 0;
        for (int i = start + window - 1; i < c.Count; i++)
        {
            double mean = 0;
            for (int k = 0; k < window; k++) mean += c.Values[i - k] / window;
            (long Step, double Value) now = (c.Steps[i - window / 2], mean);
            if (turns.Count == 0)
            {
                (extreme, direction) = (now, 0);
                turns.Add(now);
            }
            else if (direction == 0)
            {
                if (Math.Abs(mean - turns[0].Value) >= height) (extreme, direction) = (now, Math.Sign(mean - turns[0].Value));
            }
            else if ((mean - extreme.Value) * direction > 0) extreme = now;
            else if ((extreme.Value - mean) * direction >= height)
            {
                turns.Add(extreme);
                (extreme, direction) = (now, -direction);
            }
        }
        if (direction != 0) turns.Add(extreme);
        return turns;
    }

    static string HalfRates(RunHistory run) => run.Config is not { } c ? "begin anew with lower learning rates (--g-lr, --d-lr)"
        : $"begin anew with half the learning rates (--g-lr, now {Rate(c.Optimizer.GLearningRate)}; --d-lr, now "
            + $"{Rate(c.Optimizer.DLearningRate)}) or with --watch roll-back, which lowers them when it is needed";

    static string? AnewAtHalf(RunHistory run) => run.Config is not { } c ? null : Anew(run, "--g-lr", Rate(c.Optimizer.GLearningRate / 2),
        "--d-lr", Rate(c.Optimizer.DLearningRate / 2));

    static string Rate(double rate) => rate.ToString("G3", C);
}
