using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Copies between the host and a device while the garbage collector moves what they are between.</summary>
public sealed class IlgpuCopyTests
{
    // Small arrays: large ones are not moved.
    const int Count = 15_000, Copies = 400;

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
            while (!over.IsCancellationRequested) GC.Collect(0, GCCollectionMode.Forced, blocking: true, compacting: true);
        });
        Storage storage = device.Pool.Rent(Count);
        float[] values = new float[Count];
        collector.Start();
        try
        {
            for (int copy = 0; copy < Copies; copy++)
            {
                float[] source = new float[Count], target = new float[Count];
                for (int i = 0; i < Count; i++) source[i] = copy + i;
                storage.CopyFrom(source);
                Array.Clear(source);
                storage.CopyTo(target);
                for (int i = 0; i < Count; i++)
                    if (target[i] != copy + i) Assert.Fail($"copy {copy}: element {i} came back as {target[i]}, {copy + i} was sent.");
                values = target;
            }
        }
        finally
        {
            over.Cancel();
            collector.Join();
            storage.Release();
        }
        Assert.Equal(Copies - 1 + Count - 1, values[^1]);
    }
}
