using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Sanitizer;

/// <summary>
/// Runs the threads of a group on threads of the system that take turns: each runs to its next barrier, then hands over. The order is the
/// same every time, and turned around in every other group, so that a result that depends on it, for want of a barrier, shows. A barrier
/// that some threads of a group reach and others do not is an error, as it is on a device.
/// </summary>
sealed class GroupRunner
{
    static readonly Lock Gate = new();
    static readonly SemaphoreSlim Done = new(0);
    static readonly List<GroupRunner> Runners = [];

    // The group that runs, and which of its threads wait at a barrier or have ended. Only the thread whose turn it is touches these.
    static KernelGroup group = null!;
    static Action body = () => { };
    static bool[] ended = [];
    static int waiting;
    static bool backwards;
    static Exception? failure;

    readonly Turn turn = new();

    /// <summary>Runs the kernel for every thread of the group; one group at a time.</summary>
    public static void Run(KernelGroup g, Action kernel, bool inReverse)
    {
        lock (Gate)
        {
            while (Runners.Count < g.Threads)
            {
                GroupRunner runner = new();
                int index = Runners.Count;
                Runners.Add(runner);
                new Thread(() => runner.Loop(index), 256 << 10) { IsBackground = true, Name = $"kernel thread {index}" }.Start();
            }
            (group, body, ended, waiting, backwards, failure) = (g, kernel, new bool[g.Threads], 0, inReverse, null);
            Runners[inReverse ? g.Threads - 1 : 0].turn.Give();
            Done.Wait();
            if (failure != null) throw new KernelException(failure.Message, failure);
        }
    }

    void Loop(int index)
    {
        OneProcessor.Stay();
        while (true)
        {
            turn.Await();
            KernelThread.Current = new KernelThread(group, index, Wait);
            try
            {
                if (failure == null) body();
            }
            catch (Exception e)
            {
                failure ??= e;
            }
            ended[index] = true;
            HandOver(index);
        }
    }

    void Wait(KernelThread thread)
    {
        waiting++;
        HandOver(thread.Index);
        turn.Await();
        // Unwinds the threads of a group in which one failed.
        if (failure != null) throw new KernelException("the group has ended");
    }

    // To the next thread that has not ended; after the last one, to the first for what follows the barrier; or to whoever started the
    // group.
    static void HandOver(int index)
    {
        int next = Next(index);
        if (next < 0)
        {
            next = Next(backwards ? group.Threads : -1);
            int over = ended.AsSpan().Count(true);
            if (next >= 0 && over > 0)
                failure ??= new KernelException($"{waiting} of {group.Threads} threads wait at a barrier, {over} have ended");
            waiting = 0;
        }
        if (next < 0) Done.Release();
        else Runners[next].turn.Give();
    }

    static int Next(int index)
    {
        int step = backwards ? -1 : 1;
        for (int i = index + step; (uint)i < (uint)ended.Length; i += step)
            if (!ended[i]) return i;
        return -1;
    }
}
