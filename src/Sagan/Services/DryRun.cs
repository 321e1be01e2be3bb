using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Training;

namespace Sagan.Native.Services;

/// <summary>
/// <c>sagan train --dry-run</c>: the configuration with origins, the sizes of the networks, and an estimate of memory and time. Memory and time of a step are linear in the batch, so
/// two short measurements at small batches give both for any batch.
/// </summary>
static class DryRun
{
    const int Small = 2, Large = 6;

    public static ExitCode Run(ResolvedConfig resolved, CliContext context)
    {
        RunConfig config = resolved.Config;
        TrainingState state = new(config);
        (long g, long d) = (state.Generator.ParameterCount, state.Discriminator.ParameterCount);
        StepTiming a = Measure(config, Small), b = Measure(config, Large);
        int batch = config.Training.Batch;
        double tensors = At(a.PeakTensorMb, b.PeakTensorMb), step = Math.Max(At(a.DSeconds, b.DSeconds) * config.Training.DSteps + At(a.GSeconds, b.GSeconds), 0);
        TimeSpan time = TimeSpan.FromSeconds(step * config.Training.Steps);

        context.Result(resolved.ToTable().TrimEnd());
        CultureInfo c = CultureInfo.InvariantCulture;
        context.Result("");
        context.Result(string.Create(c, $"generator      {g:N0} parameters"));
        context.Result(string.Create(c, $"discriminator  {d:N0} parameters"));
        context.Result(string.Create(c, $"memory         about {tensors:0} MB for tensors, at batch {batch}"));
        context.Result(string.Create(c, $"time           about {step:0.000} s a step, {(time.TotalHours >= 1 ? $"{time.TotalHours:0.0} hours" : $"{time.TotalMinutes:0.0} minutes")} for {config.Training.Steps} steps (measured on this machine at batches {Small} and {Large})"));
        context.ResultJson(new JsonObject
        {
            ["config"] = JsonNode.Parse(resolved.ToJsonWithOrigins()),
            ["generator_parameters"] = g,
            ["discriminator_parameters"] = d,
            ["tensor_mb"] = Math.Round(tensors, 1),
            ["step_s"] = Math.Round(step, 4),
            ["total_s"] = Math.Round(time.TotalSeconds),
        });
        return ExitCode.Success;

        double At(double small, double large) => small + (large - small) / (Large - Small) * (batch - Small);
    }

    static StepTiming Measure(RunConfig config, int batch) => StepBenchmark.Run(config with { Training = config.Training with { Batch = batch } }, steps: 4);
}
