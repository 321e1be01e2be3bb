using System.Diagnostics;
using System.Globalization;
using Sagan.Native.Benchmarks;
using Sagan.Native.Configuration;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary><c>sagan train --dry-run</c>: the sizes of the networks, and an estimate of memory and time that takes as many steps as it needs.</summary>
static class DryRun
{
    // Large enough that the matrix products run at the speed of large batches.
    const int Small = 8, Large = 16, Steps = 8;
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(5);

    public static IReadOnlyList<(string Name, string Value)> Estimate(RunConfig config)
    {
        Setup.Threads(config.Training.Threads);
        // The first steps of a process run code that is not optimised yet.
        double first = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;) first = RunEstimate.At(config, Small, 1).StepSeconds;
        // Large networks need no median of many.
        int steps = Math.Clamp((int)(Patience.TotalSeconds / first), 1, Steps);
        StepTiming small = RunEstimate.At(config, Small, steps), large = RunEstimate.At(config, Large, steps);
        RunEstimate estimate = RunEstimate.Between(config, (Small, small), (Large, large));
        TrainingState state = new(config with { Model = config.Model.WithSomeClasses() });
        CultureInfo c = CultureInfo.InvariantCulture;
        return
        [
            ("generator", string.Create(c, $"{state.Generator.ParameterCount:N0} parameters")),
            ("discriminator", string.Create(c, $"{state.Discriminator.ParameterCount:N0} parameters")),
            ("memory", estimate.Memory(config.Training)),
            ("time", estimate.Time(config.Training.Steps)),
            ("basis", $"steps at batches {Small} and {Large}, timed on this machine just now"),
        ];
    }
}
