using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>
/// Endless batches of a data set, prepared ahead by one background thread in reused buffers. Batch number k depends on (seed, k) alone: its
/// samples k b .. k b + b - 1 go through one seeded permutation per epoch (<see cref="EpochOrder"/>), and whether a sample is mirrored is
/// drawn from (seed, sample number). So
/// <see cref="Seek"/> resumes exactly. To be used by one thread.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    const ulong FlipStream = 0xF11B;

    readonly ImageDataset data;
    readonly int batch;
    readonly ulong seed;
    readonly bool flip;
    readonly EpochOrder order;
    readonly Thread thread;
    readonly int[] chosen;
    readonly object gate = new();
    readonly Stack<Batch> free = new();
    readonly Queue<Batch> ready = new();
    Batch? lent;
    ExceptionDispatchInfo? failure;
    long next, prepare;
    int generation;
    bool started, stopped;

    /// <summary>A loader at step 0.</summary>
    /// <param name="data">The set; it must stay open as long as the loader.</param>
    /// <param name="batch">Images per batch.</param>
    /// <param name="seed">Seed of the order and of the mirroring.</param>
    /// <param name="flip">True: each sample is mirrored left to right with probability 1/2.</param>
    /// <param name="ahead">Most batches that are prepared and not yet taken.</param>
    public BatchLoader(ImageDataset data, int batch, ulong seed, bool flip = false, int ahead = 2)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ahead);
        (this.data, this.batch, this.seed, this.flip) = (data, batch, seed, flip);
        order = new EpochOrder(seed, data.Count);
        chosen = new int[batch];
        for (int i = 0; i <= ahead; i++)
        {
            free.Push(new Batch(batch, data.Size, data.Channels));
        }
        if (data.Count < batch)
        {
            string images = data.Count == 1 ? "1 image" : $"{data.Count} images";
            Warning = $"the data set has {images}, fewer than a batch of {batch}: every batch holds some of them more than once";
        }
        thread = new Thread(Work) { IsBackground = true, Name = "batch loader" };
    }

    /// <summary>What the caller should tell the user, null where there is nothing.</summary>
    public string? Warning { get; }

    /// <summary>Number of the batch that <see cref="Next"/> gives.</summary>
    public long Step => next;

    /// <summary>How long all calls of <see cref="Next"/> together waited for a batch that was not ready.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>
    /// The next batch. It is the caller's until the next call of any method of this loader, then its buffers are used again. A failure of
    /// the background thread is thrown here, and again by every call until <see cref="Seek"/>.
    /// </summary>
    public Batch Next()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopped, this);
            GiveBack();
            if (!started)
            {
                started = true;
                thread.Start();
            }
            if (ready.Count == 0)
            {
                Await();
            }
            lent = ready.Dequeue();
            next++;
            return lent;
        }
    }

    void Await()
    {
        long start = Stopwatch.GetTimestamp();
        while (ready.Count == 0)
        {
            failure?.Throw();
            Monitor.Wait(gate);
        }
        Waited += Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Goes to batch number <paramref name="step"/>.</summary>
    public void Seek(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopped, this);
            GiveBack();
            generation++;
            failure = null;
            (next, prepare) = (step, step);
            while (ready.TryDequeue(out Batch? stale))
            {
                free.Push(stale);
            }
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Stops the background thread and waits for it.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopped = true;
            Monitor.PulseAll(gate);
        }
        if (started)
        {
            thread.Join();
        }
    }

    void GiveBack()
    {
        if (lent is not null)
        {
            free.Push(lent);
            lent = null;
            Monitor.PulseAll(gate);
        }
    }

    void Work()
    {
        while (true)
        {
            Batch? buffer;
            int made;
            lock (gate)
            {
                while (!stopped && (failure is not null || free.Count == 0))
                {
                    Monitor.Wait(gate);
                }
                if (stopped)
                {
                    return;
                }
                (buffer, made) = (free.Pop(), generation);
                buffer.Step = prepare++;
            }
            ExceptionDispatchInfo? error = null;
            try
            {
                Fill(buffer);
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e is AggregateException { InnerExceptions: [Exception first, ..] } ? first : e);
            }
            lock (gate)
            {
                if (made != generation)
                {
                    free.Push(buffer);
                }
                else if (error is not null)
                {
                    free.Push(buffer);
                    failure = error;
                }
                else
                {
                    ready.Enqueue(buffer);
                }
                Monitor.PulseAll(gate);
            }
        }
    }

    void Fill(Batch to)
    {
        long start = checked(to.Step * batch);
        for (int i = 0; i < batch; i++)
        {
            chosen[i] = order[start + i];
        }
        if (data.Report.Cached)
        {
            for (int i = 0; i < batch; i++)
            {
                FillOne(to, start, i);
            }
        }
        else
        {
            Parallel.For(0, batch, i => FillOne(to, start, i));
        }
    }

    void FillOne(Batch to, long start, int i)
    {
        Span<float> x = to.Pixels.AsSpan(i * data.ImageBytes, data.ImageBytes);
        PixelRange.ToSigned(data.Pixels(chosen[i]), x);
        if (flip && (CounterRandom.Bits(seed, FlipStream, (ulong)(start + i)) & 1) != 0)
        {
            Mirror(x, data.Size, data.Channels);
        }
        to.Labels[i] = data.Label(chosen[i]);
    }

    static void Mirror(Span<float> x, int size, int channels)
    {
        for (int row = 0; row < size; row++)
        {
            Span<float> line = x.Slice(row * size * channels, size * channels);
            if (channels == 1)
            {
                line.Reverse();
                continue;
            }
            for (int a = 0, b = size - 1; a < b; a++, b--)
            {
                for (int c = 0; c < channels; c++)
                {
                    (line[a * channels + c], line[b * channels + c]) = (line[b * channels + c], line[a * channels + c]);
                }
            }
        }
    }
}
