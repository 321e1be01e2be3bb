using System.Diagnostics;
using Sagan.Native.Configuration;
using Sagan.Native.Training;

namespace Sagan.Native.Benchmarks;

/// <summary>The timing of a training step.</summary>
/// <param name="StepSeconds">Median of a whole step: D update and G update.</param>
/// <param name="StepMinSeconds">Shortest step.</param>
/// <param name="DSeconds">Median of the D update.</param>
/// <param name="GSeconds">Median of the G update.</param>
/// <param name="ImagesPerSecond">Batch / StepSeconds.</param>
/// <param name="PeakRssMb">Peak resident memory of the process.</param>
/// <param name="PeakTensorMb">Peak memory of live tensors during the timed steps.</param>
public readonly record struct StepTiming(double StepSeconds, double StepMinSeconds, double DSeconds, double GSeconds, double ImagesPerSecond, double PeakRssMb, double PeakTensorMb);

/// <summary>
/// Times training steps on random images: what a step costs with the data at hand. A step is one D update and one G update, weights, moments and losses
/// included, moving average
/// not; the same work as a PyTorch step of the same networks.
/// </summary>
public static class StepBenchmark
{
    public static StepTiming Run(RunConfig config, int steps, int warmup = 2)
    {
        TrainingState state = new(config with { Training = config.Training with { EmaDecay = 0 } });
        (int n, ModelConfig m) = (config.Training.Batch, config.Model);
        GanStep gan = new(state.Generator, state.Discriminator, state.GeneratorOptimizer, state.DiscriminatorOptimizer, config.Loss.Kind, (float)config.Loss.Lambda);
        float[] pixels = Step.Run(() => new RandomSource(config.Training.Seed).Uniform(new Shape(n, m.Size, m.Size, m.Channels), -1, 1).ToArray());
        // What an earlier measurement left to the collector is not this one's memory.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        List<double> d = [], g = [];
        for (int i = 0; i < warmup + steps; i++)
        {
            if (i == warmup) state.Device.Pool.ResetPeak();
            long draw = 2L * i;
            double td = Time(() =>
            {
                Tensor real = Tensor.From(pixels, new Shape(n, m.Size, m.Size, m.Channels), state.Device);
                return gan.Discriminator(real, state.Z(draw, n), config.Loss.Kind == LossKind.Hinge ? null : state.Alpha(draw, n)).Loss;
            });
            double tg = Time(() => gan.Generator(state.Z(draw + 1, n)));
            if (i < warmup) continue;
            d.Add(td);
            g.Add(tg);
        }
        double[] whole = [.. d.Zip(g, (a, b) => a + b)];
        double median = Median(whole);
        return new StepTiming(median, whole.Min(), Median([.. d]), Median([.. g]), n / median, PeakRss() / 1048576.0, state.Device.Pool.PeakLiveBytes / 1048576.0);
    }

    static double Time(Func<Tensor> update)
    {
        long start = Stopwatch.GetTimestamp();
        float loss = Step.Run(() => update().Item());
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return float.IsFinite(loss) ? seconds : throw new DivergedException("bench: the loss is not finite; the timing would mean nothing.");
    }

    static long PeakRss()
    {
        using Process p = Process.GetCurrentProcess();
        return p.PeakWorkingSet64;
    }

    static double Median(double[] x)
    {
        Array.Sort(x);
        return x.Length % 2 == 1 ? x[x.Length / 2] : (x[x.Length / 2 - 1] + x[x.Length / 2]) / 2;
    }
}
