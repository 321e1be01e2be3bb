using System.Diagnostics;
using Sagan.Native.Measuring;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Benchmarks;

/// <summary>The timing of a generator that makes images.</summary>
/// <param name="Seconds">Median of a batch.</param>
/// <param name="MinSeconds">Shortest batch.</param>
/// <param name="ImagesPerSecond">Batch / Seconds.</param>
/// <param name="PeakRssMb">Peak resident memory of the process.</param>
readonly record struct GeneratorTiming(double Seconds, double MinSeconds, double ImagesPerSecond, double PeakRssMb);

/// <summary>
/// Times a generator in inference: running statistics, no gradients. A batch is noise drawn and images as floats in the host's memory.
/// </summary>
static class GeneratorBenchmark
{
    public static GeneratorTiming Run(RunConfig config, int batches, int warmup)
    {
        TrainingState state = new(config with { Training = config.Training with { EmaDecay = 0 } });
        int n = config.Training.Batch;
        state.Generator.Train(false);
        double[] times = SpectralNorm.Frozen(state.Generator, () =>
            Enumerable.Range(0, warmup + batches).Select(i => Time(state, i, n)).ToArray())[warmup..];
        double median = new Samples(times).Median;
        return new GeneratorTiming(median, times.Min(), n / median, BenchProcess.PeakRssMb());
    }

    static double Time(TrainingState state, int draw, int n)
    {
        long start = Stopwatch.GetTimestamp();
        Step.Run(() => Autograd.NoGrad(() =>
        {
            Tensor images = state.Generator.Call(state.Z(draw, n));
            // A GPU goes on computing when the call has returned: it is done when the images are here.
            return state.Device.IsHost ? 0 : images.ToArray().Length;
        }));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
