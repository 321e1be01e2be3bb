using System.Diagnostics;
using System.Globalization;
using Sagan.Native.Benchmarks;
using Sagan.Native.Configuration;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>
/// <c>sagan train --dry-run</c>: the sizes of the networks, and an estimate of memory and time. Memory and time of a step are linear in the batch, so two
/// short measurements at small batches give both for any batch.
/// </summary>
static class DryRun
{
    // Large enough that the matrix products run at the speed of large batches.
    const int Small = 8, Large = 16, Steps = 8;
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<(string Name, string Value)> Estimate(RunConfig config)
    {
        Setup.Threads(config.Training.Threads);
        int parts = config.Training.Accumulation;
        config = config with { Model = config.Model.WithSomeClasses(), Training = config.Training with { Accumulation = 1 } };
        // The first steps of a process run code that is not optimised yet.
        double first = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;) first = Measure(config, Small, 1).StepSeconds;
        // Large networks need no median of many.
        int steps = Math.Clamp((int)(Patience.TotalSeconds / first), 1, Steps);
        StepTiming a = Measure(config, Small, steps), b = Measure(config, Large, steps);
        TrainingState state = new(config);
        TrainingConfig t = config.Training;
        double step = Math.Max(AtBatch(a.DSeconds, b.DSeconds, t.Batch) * t.DSteps + AtBatch(a.GSeconds, b.GSeconds, t.Batch), 0);
        TimeSpan all = TimeSpan.FromSeconds(step * t.Steps);
        CultureInfo c = CultureInfo.InvariantCulture;
        bool grows = config.Model.GrowFrom > 0;
        return
        [
            ("generator", string.Create(c, $"{state.Generator.ParameterCount:N0} parameters")),
            ("discriminator", string.Create(c, $"{state.Discriminator.ParameterCount:N0} parameters")),
            ("memory", string.Create(c, $"about {AtBatch(a.PeakTensorMb, b.PeakTensorMb, t.Batch / parts):0} MB of tensors at batch {t.Batch}{(parts == 1 ? "" : $" in {parts} parts")}")),
            ("time", string.Create(c, $"{(grows ? "at most " : "")}about {step:0.000} s a step, {(all.TotalHours >= 1 ? $"{all.TotalHours:0.0} hours" : $"{all.TotalMinutes:0.0} minutes")} for {t.Steps} steps")),
            .. grows ? [("growth", GrowthSchedule.Describe(config))] : Array.Empty<(string, string)>(),
            ("basis", $"steps at batches {Small} and {Large}, timed on this machine just now{(grows ? ", of the full size" : "")}"),
        ];

        double AtBatch(double small, double large, int batch) => small + (large - small) / (Large - Small) * (batch - Small);
    }

    static StepTiming Measure(RunConfig config, int batch, int steps) =>
        StepBenchmark.Run(config with { Training = config.Training with { Batch = batch } }, steps, warmup: 1);
}
