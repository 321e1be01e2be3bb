using System.Diagnostics;
using Sagan.Native.Kernels;
using Sagan.Native.Measuring;
using Sagan.Native.Training;

namespace Sagan.Native.Benchmarks;

/// <summary>The timing of a training step: D update and G update.</summary>
sealed record StepTiming
{
    /// <summary>Median of a whole step.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>Shortest step.</summary>
    public required double StepMinSeconds { get; init; }

    /// <summary>Median of the D update.</summary>
    public required double DSeconds { get; init; }

    /// <summary>Median of the G update.</summary>
    public required double GSeconds { get; init; }

    /// <summary>Batch / StepSeconds.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Kernels launched by a timed step, on average; null on the host.</summary>
    public required double? LaunchesPerStep { get; init; }

    /// <summary>Every step in order: those that warm up, and then those that are timed.</summary>
    public required IReadOnlyList<double> AllSteps { get; init; }

    /// <summary>From the start of the process to the end of the first step.</summary>
    public required double FirstStepSeconds { get; init; }

    /// <summary>
    /// From the start of the process to the end of the first step that took at most 5 % more than the median of those that are timed.
    /// </summary>
    public required double FullSpeedSeconds { get; init; }

    /// <summary>Managed memory allocated by a timed step, on average.</summary>
    public required double AllocatedBytes { get; init; }

    /// <summary>Peak resident memory of the process.</summary>
    public required double PeakRssMb { get; init; }

    /// <summary>Peak memory of live tensors during the timed steps; those that were there before are not counted.</summary>
    public required double PeakTensorMb { get; init; }
}

/// <summary>
/// Times training steps on random images: what a step costs with the data at hand. A step is one D update and one G update, weights,
/// moments and losses included, moving average not; the same work as a PyTorch step of the same networks. Networks that grow are timed at
/// their full size.
/// </summary>
static class StepBenchmark
{
    const double FullSpeed = 1.05;

    public static StepTiming Run(RunConfig config, int steps, int warmup = 2)
    {
        // What an earlier measurement left to the collector is not this one's memory, nor are the tensors of a run that is about to begin.
        Collect();
        Pool pool = Device.Parse(config.Training.Device).Pool;
        // A free block that serves a somewhat smaller tensor counts as a whole.
        pool.Trim();
        long others = pool.LiveBytes;
        NoiseStep step = new(config with { Model = config.Model with { GrowFrom = 0 }, Training = config.Training with { EmaDecay = 0 } });
        double[] d = new double[warmup + steps], g = new double[warmup + steps], ends = new double[warmup + steps];
        double started = BenchProcess.Age();
        long start = Stopwatch.GetTimestamp(), allocated = 0;
        long? launches = null;
        for (int i = 0; i < d.Length; i++)
        {
            if (i == warmup)
            {
                // Nor is what filling the weights left.
                Collect();
                pool.ResetPeak();
                launches = step.Device.LaunchCount;
                allocated = GC.GetTotalAllocatedBytes(precise: true);
            }
            long draw = 2L * i;
            d[i] = Time(() => step.Discriminator(draw));
            g[i] = Time(() => step.Generator(draw + 1));
            ends[i] = started + Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        double[] whole = [.. d.Zip(g, (a, b) => a + b)];
        double median = new Samples(whole[warmup..]).Median;
        return new StepTiming
        {
            StepSeconds = median,
            StepMinSeconds = whole[warmup..].Min(),
            DSeconds = new Samples(d[warmup..]).Median,
            GSeconds = new Samples(g[warmup..]).Median,
            ImagesPerSecond = config.Training.Batch / median,
            LaunchesPerStep = (double?)(step.Device.LaunchCount - launches) / steps,
            AllSteps = whole,
            FirstStepSeconds = ends[0],
            FullSpeedSeconds = ends[Array.FindIndex(whole, s => s <= FullSpeed * median)],
            AllocatedBytes = (double)allocated / steps,
            PeakRssMb = BenchProcess.PeakRssMb(),
            PeakTensorMb = (pool.PeakLiveBytes - others) / 1048576.0,
        };
    }

    static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    static double Time(Func<Tensor> update)
    {
        long start = Stopwatch.GetTimestamp();
        float loss = Step.Run(() => update().Item());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return float.IsFinite(loss) ? seconds
            : throw new DivergedException("bench: the loss is not finite; the timing would mean nothing.");
    }
}
