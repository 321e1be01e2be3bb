using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>The step that a GPU does while the images are read.</summary>
public sealed class WarmUpTests
{
    static readonly RunConfig Config = new()
    {
        Model = new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [8], DAttention = [4] },
        Training = new() { Batch = 2, Seed = 5, EmaDecay = 0.9 },
        Data = new() { CreatureCount = 4 },
    };

    static RunConfig Batch(int batch) => Config with { Training = Config.Training with { Batch = batch } };

    [Fact]
    public void The_run_has_the_same_bits_and_all_of_the_memory()
    {
        Device gpu = NetworkGpu.Device;
        TrainingState cold = new(Config, gpu);
        Step(cold);
        Garbage.Collect();
        int count = gpu.Pool.LiveCount;
        WarmUp.Run(Config, gpu);
        // Adam's two tables for either network may stay: the backend keeps a few.
        Assert.InRange(gpu.Pool.LiveCount - count, 0, 4);

        long reserved = gpu.Pool.ReservedBytes;
        TrainingState warm = new(Config, gpu);
        Step(warm);
        Assert.Equal(reserved, gpu.Pool.ReservedBytes);
        foreach ((Parameter a, Parameter b) in Weights(cold).Zip(Weights(warm))) Assert.Equal(a.Value.ToArray(), b.Value.ToArray());

        static IEnumerable<Parameter> Weights(TrainingState s) =>
            s.Generator.Parameters.Concat(s.Discriminator.Parameters).Concat(s.Average!.Parameters);
    }

    [Fact]
    public void A_batch_that_does_not_fit_is_told_with_one_that_does()
    {
        Device device = Limited((Needed(4) + Needed(8)) / 2);
        string message = Assert.Throws<DeviceMemoryException>(() => WarmUp.Run(Batch(8), device)).Message;
        Assert.StartsWith("tensor [", message, StringComparison.Ordinal);
        Assert.EndsWith(" A step at --batch 4 was tried and fits.", message, StringComparison.Ordinal);
        Assert.Equal(0, device.Pool.LiveCount);
        WarmUp.Run(Batch(4), device);

        // Parts of a batch: 4 is no multiple of 8.
        RunConfig parts = Batch(8) with { Training = Batch(8).Training with { Accumulation = 8 } };
        Assert.Throws<DeviceMemoryException>(() => WarmUp.Run(parts, Limited(1 << 16)));

        static long Needed(int batch)
        {
            Device device = Limited(long.MaxValue);
            WarmUp.Run(Batch(batch), device);
            return device.Pool.PeakLiveBytes;
        }
    }

    [Fact]
    public void Nothing_fits()
    {
        Device device = Limited(1 << 10);
        string message = Assert.Throws<DeviceMemoryException>(() => WarmUp.Run(Batch(8), device)).Message;
        Assert.DoesNotContain("fits", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_are_read_meanwhile_and_what_is_wrong_with_either_is_told()
    {
        using (ImageDataset data = WarmUp.OpenData(Config, Open(Config), Limited(long.MaxValue))) Assert.Equal(4, data.Count);

        RunConfig none = Config with { Data = new() { Source = "no such folder" } };
        Assert.Throws<DataException>(() => WarmUp.OpenData(none, Open(none), Limited(long.MaxValue)));

        // More than are read in the time that is given to sets that need no warm-up.
        RunConfig many = Config with { Data = new() { CreatureCount = 100_000 } };
        Assert.Throws<DeviceMemoryException>(() => WarmUp.OpenData(many, Open(many), Limited(1 << 10)));
    }

    static Func<CancellationToken, ImageDataset> Open(RunConfig config) => stop => config.OpenData(cancellation: stop);

    static Device Limited(long bytes) => LimitedDevice.Create(bytes);

    static void Step(TrainingState state)
    {
        using ImageDataset data = Dataset.Open(Dataset.Creatures, new DatasetOptions { Size = 16, CreatureCount = 4 });
        using Trainer trainer = new(state, data);
        trainer.Next();
    }
}
