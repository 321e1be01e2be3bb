namespace Sagan.Native.Kernels;

/// <summary>One piece of parallel work: job number <c>index</c> of a <see cref="WorkerPool.Run"/>.</summary>
interface IJob
{
    /// <summary>Does job number <paramref name="index"/>. What it writes must depend on the index alone, never on the worker.</summary>
    void Execute(int index);
}

/// <summary>
/// Threads that spin between parallel regions and park when nothing comes for some milliseconds. The caller is worker 0. Jobs are taken
/// from an atomic counter, so which worker does a job varies; since a job's result depends on its index alone, results have the same bits
/// for every thread count. The caller waits for workers that have joined, never for one that the system has not scheduled, so a busy
/// machine slows a region down but does not stall it.
/// An empty region costs 0.12 us (Parallel.For: 1.7 us); waking a parked worker costs some 600 us, which is why workers spin through a
/// whole training step.
/// A region that starts while another runs (nested, or from a second thread) is done by its caller alone.
/// </summary>
public static unsafe class WorkerPool
{
    /// <summary>
    /// Elements of a job of an elementwise kernel: about 1 us of work. Where two jobs break even: 16384 elements on 1 / 2 threads: add 1.9
    /// / 1.6 us, exp 3.3 / 2.2 us.
    /// </summary>
    internal const int Grain = 1 << 13;

    const int SpinMilliseconds = 20, MaxThreads = 255;

    sealed class Region
    {
        public delegate*<void*, int, void> Body;
        public void* Job;
        public int Count;
    }

    static readonly Lock Busy = new();
    static readonly Region Current = new();
    // Each worker has a wake-up of its own: with a common semaphore, a worker that parks again could take the wake-up meant for one that is
    // slow to get up.
    static readonly SemaphoreSlim[] WakeUp = new SemaphoreSlim[MaxThreads];
    // 1 while a worker sleeps or is about to; who sets it back to 0 decides: the worker stays up, or the caller releases WakeUp, once.
    static readonly int[] Parked = new int[MaxThreads];
    // The number of regions begun, times 256, plus the number of workers that may join the newest, 0 once it is closed: one word, so that
    // both are seen together.
    static long ticket;
    static int next, joined, threads = Math.Min(Environment.ProcessorCount, MaxThreads), started;
    static Exception? failure;
    [ThreadStatic] static bool inside;

    /// <summary>
    /// Number of threads that share the work, the caller included; the number of processors unless set. A job must not set it.
    /// </summary>
    public static int Threads
    {
        get => threads;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, MaxThreads);
            if (inside) throw new InvalidOperationException("the number of threads was set by a job, while they work; set it outside.");
            lock (Busy) threads = value;
        }
    }

    /// <summary>Executes job 0 to count-1 and returns when all are done. The first exception of a job is thrown again here.</summary>
    internal static void Run<TJob>(int count, TJob job) where TJob : unmanaged, IJob
    {
        if (count <= 1 || threads == 1 || inside || !Busy.TryEnter())
        {
            for (int i = 0; i < count; i++) job.Execute(i);
            return;
        }
        try
        {
            inside = true;
            RunShared(count, &job);
        }
        finally
        {
            inside = false;
            Busy.Exit();
        }
    }

    static void RunShared<TJob>(int count, TJob* job) where TJob : unmanaged, IJob
    {
        while (started < threads - 1) Start(++started);
        int workers = threads - 1;
        Current.Body = &Call<TJob>;
        Current.Job = job;
        Current.Count = count;
        Volatile.Write(ref next, 0);
        long region = (ticket >> 8) + 1 << 8;
        Interlocked.Exchange(ref ticket, region | (uint)workers);
        for (int i = 1; i <= workers; i++)
            if (Volatile.Read(ref Parked[i]) == 1 && Interlocked.CompareExchange(ref Parked[i], 0, 1) == 1) WakeUp[i].Release();
        Drain();
        // A worker announces itself and then looks at the ticket; the caller changes the ticket and then looks for workers. So none slips
        // in between.
        Interlocked.Exchange(ref ticket, region);
        SpinWait wait = default;
        while (Volatile.Read(ref joined) > 0)
            if (wait.NextSpinWillYield) Thread.Yield();
            else wait.SpinOnce(-1);
        Exception? e = failure;
        if (e == null) return;
        failure = null;
        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e);
    }

    static void Call<TJob>(void* job, int index) where TJob : unmanaged, IJob => ((TJob*)job)->Execute(index);

    static void Drain()
    {
        try
        {
            for (int i; (i = Interlocked.Increment(ref next) - 1) < Current.Count;) Current.Body(Current.Job, i);
        }
#pragma warning disable CA1031 // Handed to the caller of Run.
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref failure, e, null);
            Volatile.Write(ref next, int.MaxValue / 2);
        }
#pragma warning restore CA1031
    }

    static void Start(int worker)
    {
        long seen = Volatile.Read(ref ticket);
        WakeUp[worker] = new SemaphoreSlim(0);
        new Thread(() => Loop(worker, seen)) { IsBackground = true, Name = $"kernel worker {worker}" }.Start();
    }

    static void Loop(int worker, long seen)
    {
        inside = true;
        while (true)
        {
            seen = Await(worker, seen);
            if (worker > (seen & 255)) continue;
            Interlocked.Increment(ref joined);
            if (Volatile.Read(ref ticket) == seen) Drain();
            Interlocked.Decrement(ref joined);
        }
    }

    // Waits for a ticket other than `seen`: spins, then parks.
    static long Await(int worker, long seen)
    {
        long until = Environment.TickCount64 + SpinMilliseconds;
        for (int spins = 0; ; spins++)
        {
            long now = Volatile.Read(ref ticket);
            if (now != seen) return now;
            Thread.SpinWait(8);
            // More threads than processors: let the others run.
            if ((spins & 63) == 63 && started >= Environment.ProcessorCount) Thread.Yield();
            if ((spins & 255) != 255 || Environment.TickCount64 < until) continue;
            Interlocked.Exchange(ref Parked[worker], 1);
            // A region that began before Parked was seen wakes nobody.
            if (Volatile.Read(ref ticket) == seen || Interlocked.CompareExchange(ref Parked[worker], 0, 1) == 0) WakeUp[worker].Wait();
            until = Environment.TickCount64 + SpinMilliseconds;
        }
    }
}
