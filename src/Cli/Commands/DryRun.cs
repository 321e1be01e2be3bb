using System.Diagnostics;
using System.Globalization;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>What a run needs, in words, and its configuration with what its images decide.</summary>
sealed record DryRunResult(ResolvedConfig Config, IReadOnlyList<(string Name, string Value)> Facts);

/// <summary>
/// <c>sagan train --dry-run</c>: what is in the data set, the sizes of the networks, and an estimate of memory and time that takes as many
/// steps as it needs. It fails where the run would not begin.
/// </summary>
static class DryRun
{
    // Large enough that the matrix products run at the speed of large batches.
    const int Small = 8, Large = 16, Steps = 8;
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2), Patience = TimeSpan.FromSeconds(5);

    public static DryRunResult Estimate(TrainRequest request, CommandContext context)
    {
        if (request.Folder != null) RunFolder.CheckFree(request.Folder);
        RunDevice.Prepare(request.Config.Config.Training, context.Terminal.Warning);
        (ResolvedConfig resolved, ImageDataset data) = RunData.Open(request.Config, c => OpenedData.OfRun(c, context));
        string images = data.Report.ToText().Trim();
        data.Dispose();
        RunConfig config = resolved.Config;
        TrainingState state = new(config);
        if (request.From != null) StartingWeights.Load(state, request.From, context.Terminal.Warning);
        DiskNeed disk = DiskNeed.Of(state, 0);
        if (disk.Warning(request.Folder ?? "runs") is { } full) context.Terminal.Warning(full);
        // The first steps of a process run code that is not optimised yet.
        double first = 0;
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < WarmUp;)
            first = RunEstimate.At(config, Small, 1).StepSeconds;
        // Large networks need no median of many.
        int steps = Math.Clamp((int)(Patience.TotalSeconds / first), 1, Steps);
        StepTiming small = RunEstimate.At(config, Small, steps), large = RunEstimate.At(config, Large, steps);
        RunEstimate estimate = RunEstimate.Between(config, (Small, small), (Large, large));
        CultureInfo c = CultureInfo.InvariantCulture;
        bool grows = config.Model.GrowFrom > 0;
        return new DryRunResult(resolved,
        [
            ("data", images),
            ("generator", string.Create(c, $"{state.Generator.ParameterCount:N0} parameters")),
            ("discriminator", string.Create(c, $"{state.Discriminator.ParameterCount:N0} parameters")),
            ("memory", estimate.Memory(config.Training)),
            ("time", $"{(grows ? "at most " : "")}{estimate.Time(config.Training.Steps)}"),
            ("disk", disk.ToString()),
            .. grows ? [("growth", GrowthSchedule.Describe(config))] : Array.Empty<(string, string)>(),
            ("basis", $"steps at batches {Small} and {Large}, timed on this machine just now{(grows ? ", of the full size" : "")}"),
        ]);
    }
}
