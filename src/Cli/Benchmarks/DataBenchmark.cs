using System.Diagnostics;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Benchmarks;

/// <summary>Training on a data set.</summary>
/// <param name="StepSeconds">Mean of a whole step.</param>
/// <param name="WaitSeconds">The part of it that went by waiting for images.</param>
readonly record struct DataWait(double StepSeconds, double WaitSeconds);

/// <summary>Measures whether reading images keeps ahead of training on the same processors.</summary>
static class DataBenchmark
{
    const int MostImages = 2000;
    static readonly TimeSpan Enough = TimeSpan.FromSeconds(2);

    /// <summary>Images a second that one thread reads, decodes, crops and resizes: of a data set that was opened without a cache.</summary>
    public static double ReadImagesPerSecond(ImageDataset data)
    {
        long start = Stopwatch.GetTimestamp();
        int n = 0;
        do data.Pixels(n++ % data.Count);
        while (n < MostImages && Stopwatch.GetElapsedTime(start) < Enough);
        return n / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Trains for a few steps as <c>sagan train</c> does, and says how long they waited.</summary>
    public static DataWait Train(RunConfig config, ImageDataset data, int steps, int warmup)
    {
        using Trainer trainer = new(new TrainingState(config), data);
        for (int i = 0; i < warmup; i++) trainer.Next();
        TimeSpan before = trainer.Waited;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < steps; i++) trainer.Next();
        return new DataWait(Stopwatch.GetElapsedTime(start).TotalSeconds / steps, (trainer.Waited - before).TotalSeconds / steps);
    }
}
