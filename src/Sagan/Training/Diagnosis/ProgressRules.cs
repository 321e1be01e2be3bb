using static Sagan.Native.Training.Diagnosis.RunDiagnosis;

namespace Sagan.Native.Training.Diagnosis;

/// <summary>What samples, measures, attention and the clock say.</summary>
static class ProgressRules
{
    /// <summary>
    /// The watchdog's measure on the sample grids: images that differ less than a share of what real ones do, or that have become alike.
    /// </summary>
    public static Finding? Collapsed(RunHistory run, SampleSpread spread)
    {
        // Healthy runs come to 0.9 of the real images, and do not go back by half.
        const double few = 0.3, half = 0.5;
        if (run.Config is not { Watch.Collapse: > 0 and var share } config || run.RealImages == null) return null;
        // Before, a generator has not begun.
        SampleGrid[] grids = [.. run.Samples.Where(s => s.Step >= config.Watch.Every)];
        int size = config.Model.Size;
        if (grids.Length == 0 || spread.Of(run.RealImages, size) is not { } real || Of(grids.Length - 1) is not { } now
            || now >= few * real) return null;
        int most = Enumerable.Range(0, grids.Length).MaxBy(i => Of(i) ?? 0);
        double best = Of(most) ?? 0;
        bool isOne = now < share * real;
        if (!isOne && now >= half * best) return null;
        int first = grids.Length - 1;
        while (first > 0 && Of(first - 1) is { } before && before < (isOne ? share * real : half * best)) first--;
        string was = best < share * real ? "" : string.Create(C, $", and at step {grids[most].Step} by {best:0.00}");
        Evidence evidence = new("samples", grids[first].Step, grids[^1].Step, string.Create(C,
            $"at step {grids[^1].Step} samples differ by {now:0.00} of 255 levels, real images by {real:0.00}{was}"));
        return new Finding(FindingKind.Collapsed, grids[first].Step, isOne
            ? $"the generator has collapsed to one picture since step {grids[first].Step}: {evidence.Text}"
            : $"the generator is collapsing, its samples have become alike since step {grids[first].Step}: {evidence.Text}", [evidence],
            "begin anew with another --seed, a lower --g-lr, or --watch roll-back", Anew(run, "--watch", "roll-back"));

        double? Of(int i) => spread.Of(grids[i].Path, size);
    }

    /// <summary>The measure of the best checkpoint: still better at the end, or better before.</summary>
    public static Finding? Measure(RunHistory run)
    {
        bool isDistance = run["proxy_fid"] != null;
        if ((run["proxy_fid"] ?? run["consistency"]) is not { Count: >= 4 } c || !c.Values.All(double.IsFinite)) return null;
        double[] cost = [.. c.Values.Select(v => isDistance ? v : -v)];
        int best = Array.IndexOf(cost, cost.Min()), n = cost.Length;
        double size = Math.Abs(cost[best]);
        if (size == 0) return null;
        (long at, long end) = (c.Steps[best], c.Steps[^1]);
        string values = string.Create(C, $"{c.Name} was {Number(c.Values[best])} at step {at}");
        if (best < n - 2 && cost[^1] - cost[best] > 0.15 * size && cost[^2] - cost[best] > 0.15 * size)
        {
            Evidence worse = new(c.Name, at, end, string.Create(C, $"{values} and is {Number(c.Values[^1])} at step {end}"));
            return new Finding(FindingKind.PastBest, at, string.Create(C, $"the run was best at step {at}: {worse.Text}"), [worse],
                "take its checkpoint, and where it overfits --augment",
                ShellCommand.Of("sample", Path.Combine(run.Folder, RunFolder.Checkpoints, Checkpoints.Checkpoint.NameOf(at))));
        }
        int quarter = n - 1 - Math.Max(1, n / 4);
        if (best < n - 2 || cost[quarter] - cost[best] < 0.03 * Math.Abs(cost[quarter])) return null;
        Evidence better = new(c.Name, c.Steps[quarter], end, string.Create(C,
            $"{c.Name} was {Number(c.Values[quarter])} at step {c.Steps[quarter]} and is {Number(c.Values[best])} at step {at}"));
        return new Finding(FindingKind.StillImproving, c.Steps[quarter], $"the run is still improving: {better.Text}", [better],
            "it is worth more steps", Resume(run, "--steps", $"{2 * end}"));
    }

    /// <summary>Gammas that moved less than a hundredth of what steady gradients would have moved them.</summary>
    public static Finding? GammaZero(RunHistory run)
    {
        if (run.Config is not { Model.InitialGamma: 0 } config) return null;
        List<Evidence> evidence = [];
        foreach (Curve c in run.Curves.Where(c => c.Name.StartsWith("gamma.", StringComparison.Ordinal) && c.Count >= 5))
        {
            double rate = c.Name.StartsWith("gamma.d.", StringComparison.Ordinal) ? config.Optimizer.DLearningRate
                : config.Optimizer.GLearningRate;
            (long from, long to) = (c.Steps[0], c.Steps[^1]);
            double most = c.Values.Max(Math.Abs);
            if (to - from < 500 || !(most < 0.01 * rate * (to - from))) continue;
            evidence.Add(new Evidence(c.Name, from, to,
                string.Create(C, $"{c.Name} stayed within {Number(most)} of 0 in the steps {from} to {to}")));
        }
        if (evidence.Count == 0) return null;
        string more = evidence.Count == 1 ? "" : $", and {evidence.Count - 1} more";
        return new Finding(FindingKind.GammaZero, evidence[0].From, string.Create(C,
            $"attention is not used: gamma is still 0 after {evidence[0].To} steps ({evidence[0].Text}{more})"), evidence,
            $"give it more steps, or another place (--g-attention, --d-attention); `{ShellCommand.Of("ablate")}` tells whether attention "
            + "helps");
    }

    /// <summary>A step that waits for its images for more than a seventh of its time.</summary>
    public static Finding? Waiting(RunHistory run)
    {
        if (run.Config is not { } config || run["wait_ms"] is not { Count: >= 5 } wait || run["images_per_s"] is not { Count: >= 5 } speed)
            return null;
        int half = wait.Count / 2;
        double waits = Median(wait.Values.Skip(half)), rate = Median(speed.Values.Skip(speed.Count / 2));
        double step = rate > 0 ? 1000 * config.Training.Batch / rate : double.PositiveInfinity;
        if (!(waits > 1 && waits > 0.15 * step)) return null;
        (long from, long to) = (wait.Steps[half], wait.Steps[^1]);
        Evidence evidence = new("wait_ms", from, to, string.Create(C,
            $"a step of {step:0.#} ms waits {waits:0.#} ms for its images ({waits / step:P0}), steps {from} to {to}"));
        return new Finding(FindingKind.Waiting, from, string.Create(C, $"training waits for images: {evidence.Text}"), [evidence],
            "pack them once, decoded and resized, and train on the file (--data)",
            ShellCommand.Of("data", "pack", config.Data.Source, "--size", $"{config.Model.Size}", "--out", "packed.safetensors"));
    }
}
