using System.Globalization;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// What a run will need. Memory and time of a step are linear in the batch, so two short measurements at small batches give both for any
/// batch: x(B) = x(a) + (x(b) - x(a)) (B - a) / (b - a).
/// </summary>
/// <param name="TensorBytes">Tensors alive at most, in one part of a batch.</param>
/// <param name="StepSeconds">A generator step with its discriminator steps.</param>
sealed record RunEstimate(long TensorBytes, double StepSeconds)
{
    // A process compiles what runs often anew, and is at full speed after some seconds: a long run can wait a little for a better estimate.
    const double MostWarmUp = 1.5, WarmUpShare = 0.01;
    // Seconds that a measured step of a small network may take.
    const double LongestStep = 0.5;

    /// <summary>
    /// A rough estimate before a run begins, from steps of the batch, or of as many images as take half a second or so, and of half as
    /// many. At small batches the weights' own temporaries hide what an image takes, so memory comes out somewhat too low where the batch
    /// is much larger. Null where a batch has one image, or random images make the losses infinite.
    /// </summary>
    public static RunEstimate? Quick(RunConfig config)
    {
        TrainingConfig t = config.Training;
        int part = t.Batch / t.Accumulation;
        if (part < 2) return null;
        try
        {
            double first = At(config, 2, steps: 1).StepSeconds;
            int large = Math.Min(part, first < 0.5 ? Math.Max(16, (int)(2 * LongestStep / first) / 2 * 2) : first < 2 ? 8 : 4);
            int warmup = Math.Clamp((int)(Math.Min(MostWarmUp, WarmUpShare * first * t.Steps) / first), 1, 100),
                steps = Math.Min(warmup, 5);
            StepTiming b = At(config, large, steps, warmup);
            return Between(config, (large / 2, At(config, large / 2, steps)), (large, b));
        }
        catch (DivergedException)
        {
            return null;
        }
    }

    /// <summary>
    /// Steps of the configuration's networks on random images, all parts of a batch in one. The first ones, which compile code, are not
    /// timed.
    /// </summary>
    public static StepTiming At(RunConfig config, int batch, int steps, int warmup = 1) =>
        StepBenchmark.Run(config with { Training = config.Training with { Batch = batch, Accumulation = 1 } }, steps, warmup);

    /// <summary>The line through two measurements, at the configuration's batch.</summary>
    public static RunEstimate Between(RunConfig config, (int Batch, StepTiming Timing) a, (int Batch, StepTiming Timing) b)
    {
        TrainingConfig t = config.Training;
        double seconds = AtBatch(x => x.DSeconds, t.Batch) * t.DSteps + AtBatch(x => x.GSeconds, t.Batch);
        return new RunEstimate((long)(AtBatch(x => x.PeakTensorMb, t.Batch / t.Accumulation) * 1048576), Math.Max(seconds, 0));

        double AtBatch(Func<StepTiming, double> of, int batch) =>
            of(a.Timing) + (of(b.Timing) - of(a.Timing)) / (b.Batch - a.Batch) * (batch - a.Batch);
    }

    /// <summary>Such as <c>about 177 MB of tensors at batch 32</c>.</summary>
    public string Memory(TrainingConfig t) => string.Create(CultureInfo.InvariantCulture,
        $"about {TensorBytes / 1048576.0:0} MB of tensors at batch {t.Batch}{(t.Accumulation == 1 ? "" : $" in {t.Accumulation} parts")}");

    /// <summary>Such as <c>about 0.691 s a step, 3.8 hours for 20000 steps</c>.</summary>
    public string Time(int steps)
    {
        TimeSpan all = TimeSpan.FromSeconds(StepSeconds * steps);
        (double duration, string unit) = all.TotalHours >= 1 ? (all.TotalHours, "hours") : all.TotalMinutes >= 1
            ? (all.TotalMinutes, "minutes") : (all.TotalSeconds, "seconds");
        return string.Create(CultureInfo.InvariantCulture, $"about {StepSeconds:0.000} s a step, {duration:0.0} {unit} for {steps} steps");
    }

    /// <summary>What to do where the tensors do not fit into so many bytes; null where they do.</summary>
    public string? TooLarge(TrainingConfig t, long available)
    {
        if (TensorBytes <= available) return null;
        string fit = Enumerable.Range(t.Accumulation + 1, t.Batch - t.Accumulation)
            .FirstOrDefault(n => t.Batch % n == 0 && TensorBytes / n * t.Accumulation < available) is var parts and > 0
            ? $"--accumulation {parts} computes the batch in parts that may fit"
            : "a smaller --conv-dim or --size needs less";
        return string.Create(CultureInfo.InvariantCulture, $"{Memory(t)} are more than the {available / 1048576.0:0} MB there are: {fit}.");
    }
}
