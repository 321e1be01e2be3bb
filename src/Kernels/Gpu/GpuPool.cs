using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// Device memory cut out of large segments, because a system call for each tensor would wait for the device. A segment is filled from its
/// beginning; what is returned is kept by size (eight steps per power of two, as on the host) and handed out again. A segment whose blocks
/// all came back is given back by
/// <see cref="Trim"/>.
/// </summary>
sealed class GpuPool(GpuQueue queue) : Pool
{
    /// <summary>Blocks begin at multiples of this, so that loads of four floats are aligned.</summary>
    const int AlignmentBytes = 256;
    const long LeastSegmentBytes = 64L << 20, LargestSegmentBytes = 1L << 30;

    // Large, so that the tensors that one launch of Adam updates lie in one segment; a small part of the memory, because the last segment
    // is never full.
    readonly long segmentFloats = Math.Clamp(queue.Memory.TotalBytes / 64, LeastSegmentBytes, LargestSegmentBytes) / sizeof(float);
    readonly Lock gate = new();
    readonly Dictionary<long, Stack<GpuStorage>> free = [];
    readonly List<GpuSegment> segments = [];
    int liveCount;
    long liveBytes, peakLiveBytes, reservedBytes;

    internal GpuQueue Queue => queue;

    public override int LiveCount { get { lock (gate) return liveCount; } }

    public override long LiveBytes { get { lock (gate) return liveBytes; } }

    public override long PeakLiveBytes { get { lock (gate) return peakLiveBytes; } }

    public override long ReservedBytes { get { lock (gate) return reservedBytes; } }

    static long BlockFloats(int count)
    {
        long bytes = HostPool.BlockSize(count);
        return (bytes + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes / sizeof(float);
    }

    internal override Storage Rent(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        long floats = BlockFloats(count);
        lock (gate)
        {
            GpuStorage? s = null;
            if (free.TryGetValue(floats, out Stack<GpuStorage>? spare)) spare.TryPop(out s);
            if (s == null) s = Cut(floats, count);
            else s.Reuse(count);
            s.Segment.Live++;
            liveCount++;
            liveBytes += sizeof(float) * floats;
            peakLiveBytes = Math.Max(peakLiveBytes, liveBytes);
            return s;
        }
    }

    GpuStorage Cut(long floats, int count)
    {
        GpuSegment? segment = segments.Find(b => b.View.Length - b.Used >= floats);
        if (segment == null)
        {
            segment = Allocate(Math.Max(floats, segmentFloats), floats);
            segments.Add(segment);
            reservedBytes += sizeof(float) * segment.View.Length;
        }
        GpuStorage s = new(this, segment, segment.Used, floats, count);
        segment.Used += floats;
        return s;
    }

    // A large segment, or where there is no room for one, just what is needed; before giving up, what lies free is given back.
    GpuSegment Allocate(long wanted, long needed)
    {
        foreach (long floats in (long[])[wanted, needed, wanted, needed])
        {
            try
            {
                (ArrayView<float> view, IDisposable owner) = queue.Allocate(floats);
                return new GpuSegment(view, owner);
            }
            catch (DeviceMemoryException)
            {
                if (floats == needed) TrimLocked();
            }
        }
        throw new DeviceMemoryException(
            $"out of device memory: a tensor needs {Mb(sizeof(float) * needed)} MB, {Mb(liveBytes)} MB are in use and " +
            $"{Mb(reservedBytes)} MB are held of the device's {Mb(queue.Memory.TotalBytes)} MB; {Advice(needed)}.");
    }

    // Activations grow with the batch and are nearly all of what is live.
    string Advice(long needed)
    {
        double fits = (double)reservedBytes / (liveBytes + sizeof(float) * needed);
        return fits is > 0 and < 1 ? $"a batch of about {100 * fits:0} % of this one would fit" : "use a smaller batch";
    }

    static long Mb(long bytes) => bytes >> 20;

    internal override void Return(Storage storage)
    {
        GpuStorage s = (GpuStorage)storage;
        lock (gate)
        {
            liveCount--;
            liveBytes -= sizeof(float) * s.View.Length;
            s.Segment.Live--;
            if (!free.TryGetValue(s.View.Length, out Stack<GpuStorage>? spare)) free.Add(s.View.Length, spare = new Stack<GpuStorage>());
            spare.Push(s);
        }
    }

    public override void Trim()
    {
        lock (gate) TrimLocked();
    }

    void TrimLocked()
    {
        if (segments.TrueForAll(b => b.Live > 0)) return;
        queue.Synchronize();
        foreach ((long floats, Stack<GpuStorage> spare) in free.ToArray())
            free[floats] = new Stack<GpuStorage>(spare.Where(s => s.Segment.Live > 0).Reverse());
        foreach (GpuSegment b in segments.Where(b => b.Live == 0))
        {
            b.Owner.Dispose();
            reservedBytes -= sizeof(float) * b.View.Length;
        }
        segments.RemoveAll(b => b.Live == 0);
    }

    public override void ResetPeak()
    {
        lock (gate) peakLiveBytes = liveBytes;
    }
}

/// <summary>A large block of device memory: how much of it was ever cut off, and how many of its blocks are handed out.</summary>
sealed class GpuSegment(ArrayView<float> view, IDisposable owner)
{
    public ArrayView<float> View { get; } = view;

    public IDisposable Owner { get; } = owner;

    public long Used { get; set; }

    public int Live { get; set; }
}

/// <summary>Device memory. The view is longer than the elements in use: four floats can be loaded at any element.</summary>
sealed class GpuStorage : Storage
{
    internal GpuStorage(GpuPool pool, GpuSegment segment, long offset, long floats, int count) : base(pool, count)
    {
        (Segment, Offset) = (segment, offset);
        View = segment.View.SubView(offset, floats);
    }

    /// <summary>The elements and what follows them.</summary>
    public ArrayView<float> View { get; }

    /// <summary>The segment it was cut from, and where in it the first element is.</summary>
    public GpuSegment Segment { get; }

    public long Offset { get; }

    /// <summary>
    /// The smallest and the largest index, where they came from the host, so that their range can be checked without waiting for the
    /// device.
    /// </summary>
    public (int Least, int Largest)? IndexRange { get; internal set; }

    GpuQueue Queue => ((GpuPool)Pool).Queue;

    internal void Reuse(int count)
    {
        IndexRange = null;
        Revive(count);
    }

    public override void CopyTo(Span<float> destination)
    {
        if (destination.Length > 0) Queue.Download(View.SubView(0, destination.Length), destination);
    }

    public override void CopyFrom(ReadOnlySpan<float> source)
    {
        IndexRange = null;
        if (source.Length > 0) Queue.Upload(source, View.SubView(0, source.Length));
    }

    public override void CopyFrom(ReadOnlySpan<int> source)
    {
        base.CopyFrom(source);
        if (source.Length == 0) return;
        int least = source[0], largest = source[0];
        foreach (int i in source) (least, largest) = (Math.Min(least, i), Math.Max(largest, i));
        IndexRange = (least, largest);
    }
}
