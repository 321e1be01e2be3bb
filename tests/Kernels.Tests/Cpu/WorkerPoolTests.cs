using System.Diagnostics;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

[Collection("worker pool")]
[Quick]
public sealed unsafe class WorkerPoolTests : IDisposable
{
    readonly int threads = WorkerPool.Threads;

    public void Dispose() => WorkerPool.Threads = threads;

    readonly struct CountJob(int* counts) : IJob
    {
        public void Execute(int index) => Interlocked.Increment(ref counts[index]);
    }

    static void EachJobOnce(int count)
    {
        int[] counts = new int[count + 1];
        fixed (int* p = counts) WorkerPool.Run(count, new CountJob(p));
        Assert.All(counts[..count], c => Assert.Equal(1, c));
        Assert.Equal(0, counts[count]);
    }

    [Fact]
    public void EveryJobRunsOnceForAnyThreadCount()
    {
        foreach (int t in (int[])[1, 2, 3, 4, 8, 2, 1, 4])
        {
            WorkerPool.Threads = t;
            foreach (int count in (int[])[0, 1, 2, 3, 7, 64, 1000]) EachJobOnce(count);
        }
    }

    [Fact]
    public void ThreadCountMayChangeBetweenRegions()
    {
        for (int i = 0; i < 500; i++)
        {
            WorkerPool.Threads = 1 + i % 5;
            EachJobOnce(1 + i % 17);
        }
    }

    readonly struct FailingJob(int* counts, int failing) : IJob
    {
        public void Execute(int index)
        {
            Interlocked.Increment(ref counts[index]);
            if (index == failing) throw new InvalidOperationException($"job {index} failed");
        }
    }

    [Fact]
    public void ExceptionReachesTheCallerAndThePoolGoesOn()
    {
        int[] counts = new int[100];
        foreach (int t in (int[])[1, 2, 4])
        {
            WorkerPool.Threads = t;
            for (int failing = 0; failing < 100; failing += 9)
            {
                Array.Clear(counts);
                InvalidOperationException e = Assert.Throws<InvalidOperationException>(() =>
                {
                    fixed (int* p = counts) WorkerPool.Run(100, new FailingJob(p, failing));
                });
                Assert.Equal($"job {failing} failed", e.Message);
                Assert.All(counts, c => Assert.InRange(c, 0, 1));
                EachJobOnce(50);
            }
        }
    }

    readonly struct AllFail : IJob
    {
        public void Execute(int index) => throw new InvalidOperationException("all fail");
    }

    [Fact]
    public void ManyExceptionsAreOne()
    {
        WorkerPool.Threads = 4;
        for (int i = 0; i < 50; i++) Assert.Throws<InvalidOperationException>(() => WorkerPool.Run(8, default(AllFail)));
        EachJobOnce(100);
    }

    readonly struct OuterJob(int* counts) : IJob
    {
        public void Execute(int index) => WorkerPool.Run(10, new CountJob(counts + 10 * index));
    }

    [Fact]
    public void RegionsNest()
    {
        WorkerPool.Threads = 4;
        int[] counts = new int[200];
        fixed (int* p = counts) WorkerPool.Run(20, new OuterJob(p));
        Assert.All(counts, c => Assert.Equal(1, c));
    }

    readonly struct SetThreads : IJob
    {
        public void Execute(int index) => WorkerPool.Threads = 2;
    }

    [Fact]
    public void JobMustNotSetTheThreadCount()
    {
        WorkerPool.Threads = 4;
        Assert.Contains("by a job", Assert.Throws<InvalidOperationException>(() => WorkerPool.Run(8, default(SetThreads))).Message,
            StringComparison.Ordinal);
        Assert.Equal(4, WorkerPool.Threads);
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkerPool.Threads = 0);
        Assert.Throws<ArgumentOutOfRangeException>(() => WorkerPool.Threads = 256);
    }

    [Fact]
    public void ManyThreadsMayCallAtOnce()
    {
        WorkerPool.Threads = 3;
        Thread[] callers = new Thread[6];
        Exception? failure = null;
        for (int i = 0; i < callers.Length; i++)
        {
            callers[i] = new Thread(() =>
            {
                try
                {
                    for (int k = 0; k < 300; k++) EachJobOnce(20);
                }
                catch (Exception e)
                {
                    failure = e;
                    throw;
                }
            });
        }
        foreach (Thread t in callers) t.Start();
        foreach (Thread t in callers) Assert.True(t.Join(60_000), "a caller did not come back.");
        Assert.Null(failure);
    }

    readonly struct SleepJob(int milliseconds) : IJob
    {
        public void Execute(int index) => Thread.Sleep(milliseconds);
    }

    [Fact]
    public void WorkersParkAndWake()
    {
        WorkerPool.Threads = 4;
        EachJobOnce(100);
        // Other work on the machine makes them longer, and never shorter.
        double leastBusy = double.PositiveInfinity, leastTime = double.PositiveInfinity;
        using Process process = Process.GetCurrentProcess();
        for (int i = 0; i < 3; i++)
        {
            // Long enough for all to park: then nothing burns a processor.
            Thread.Sleep(100);
            process.Refresh();
            TimeSpan before = process.TotalProcessorTime;
            Thread.Sleep(200);
            process.Refresh();
            leastBusy = Math.Min(leastBusy, (process.TotalProcessorTime - before).TotalMilliseconds);
            // All four are up: four sleeps at once take as long as one.
            Stopwatch watch = Stopwatch.StartNew();
            WorkerPool.Run(4, new SleepJob(200));
            leastTime = Math.Min(leastTime, watch.ElapsedMilliseconds);
        }
        Assert.InRange(leastTime, 190, 750);
        Assert.InRange(leastBusy, 0, 100);
    }

    [Fact]
    public void PausesOfEveryLengthLoseNoWakeUp()
    {
        // More threads than processors, and pauses about as long as workers spin before they park: the race that once hung.
        WorkerPool.Threads = 6;
        for (int i = 0; i < 60; i++)
        {
            Thread.Sleep(i % 3 == 0 ? 0 : 15 + i % 10);
            EachJobOnce(30);
        }
    }
}
