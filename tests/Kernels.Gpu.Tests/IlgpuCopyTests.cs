using System.Diagnostics;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Copies between the host and a device while the garbage collector moves what they are between.</summary>
[Quick]
public sealed class IlgpuCopyTests
{
    // Small arrays: large ones are not moved. A copy by an unpinned ref was wrong within the first 200 copies.
    const int Count = 15_000, Copies = 400;

    // Where the process has many threads, a collection stops all of them and takes long.
    static readonly TimeSpan Enough = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData("emulated")]
    [InlineData("opencl:0")]
    [InlineData("cuda:0")]
    public void Hold_when_the_collector_moves_the_arrays(string name)
    {
        Device device = TestGpu.Open(name);
        using CancellationTokenSource over = new();
        Thread collector = new(() =>
        {
            while (!over.IsCancellationRequested)
            {
                GC.Collect(0, GCCollectionMode.Forced, blocking: true, compacting: true);
                // Without a pause nothing else gets to run.
                Thread.Sleep(1);
            }
        });
        Storage storage = device.Pool.Rent(Count);
        int copies = 0;
        long start = Stopwatch.GetTimestamp();
        collector.Start();
        try
        {
            for (int copy = 0; copy < Copies && (copy < 20 || Stopwatch.GetElapsedTime(start) < Enough); copy++)
            {
                float[] source = new float[Count], target = new float[Count];
                for (int i = 0; i < Count; i++) source[i] = copy + i;
                storage.CopyFrom(source);
                Array.Clear(source);
                storage.CopyTo(target);
                for (int i = 0; i < Count; i++)
                    if (target[i] != copy + i) Assert.Fail($"copy {copy}: element {i} came back as {target[i]}, {copy + i} was sent.");
                copies++;
            }
        }
        finally
        {
            over.Cancel();
            collector.Join();
            storage.Release();
        }
        Assert.InRange(copies, 20, Copies);
    }
}
