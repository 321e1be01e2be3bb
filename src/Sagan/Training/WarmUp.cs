using System.Runtime.CompilerServices;
using Sagan.Native.Data;
using Sagan.Native.Kernels;

namespace Sagan.Native.Training;

/// <summary>
/// What a GPU does while the images of a run are read: one step on noise, at the batch of the run, on networks that are then thrown away.
/// It compiles the kernels, lets the pool take its blocks, and finds out whether the batch fits before the run has a folder. The run has
/// its own networks, and its random numbers follow from seed and step, so not a bit of it depends on this. On the processor there is
/// nothing to compile, and reading takes its cores.
/// </summary>
/// <remarks>
/// The images are read by another thread and the step stays with this one, not the other way round: a queue belongs to one thread, and CUDA
/// binds the context of a device to the thread that opened it.
/// </remarks>
static class WarmUp
{
    /// <summary>A set that opens in this time leaves nothing to do meanwhile, and one that is not there is noticed in it.</summary>
    static readonly TimeSpan Short = TimeSpan.FromSeconds(0.1);

    /// <summary>Opens the data set of a run in this way, and warms its device up.</summary>
    public static ImageDataset OpenData(RunConfig config, Func<CancellationToken, ImageDataset> open, Device? device = null)
    {
        device ??= Device.Parse(config.Training.Device);
        if (device.IsHost) return open(CancellationToken.None);
        using CancellationTokenSource stop = new();
        Task<ImageDataset> data = Task.Run(() => open(stop.Token));
        try
        {
            if (Task.WaitAny([data], Short) < 0) Run(config, device);
        }
        catch
        {
            stop.Cancel();
            Task.WaitAny([data]);
            if (data.IsCompletedSuccessfully) data.Result.Dispose();
            throw;
        }
        return data.GetAwaiter().GetResult();
    }

    /// <summary>One step that nobody looks at. Where it does not fit, tells the largest of 1/2, 1/4, ... of the batch that does.</summary>
    internal static void Run(RunConfig config, Device device)
    {
        try
        {
            Advance(config, device);
        }
        // Not in a filter, which would run before what the failed step holds is given back.
        catch (DeviceMemoryException e)
        {
            if (Fitting(config, device) is not { } batch) throw;
            throw new DeviceMemoryException($"{e.Message} A step at --batch {batch} was tried and fits.", e);
        }
    }

    static int? Fitting(RunConfig config, Device device)
    {
        TrainingConfig t = config.Training;
        for (int batch = t.Batch / 2; batch > 0 && batch % t.Accumulation == 0; batch /= 2)
        {
            device.Pool.Trim();
            try
            {
                Advance(config with { Training = t with { Batch = batch } }, device);
                return batch;
            }
            catch (DeviceMemoryException)
            {
            }
        }
        return null;
    }

    static void Advance(RunConfig config, Device device)
    {
        try
        {
            Step(config, device);
        }
        finally
        {
            // The memory of networks comes back through the collector, and the run's own networks are to have it.
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    // Not inlined: no local of the caller keeps the networks.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Step(RunConfig config, Device device)
    {
        NoiseStep step = new(config, device);
        Native.Step.Run(() => step.Discriminator(0).Item());
        Native.Step.Run(() => step.Generator(1).Item());
        step.Average();
    }
}
