using System.Runtime.InteropServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// A reference-counted block of device memory holding 32-bit elements (float, or int for indices). It comes from a
/// <see cref="Kernels.Pool"/> and returns there when its last reference is released. <see cref="Version"/> is bumped by in-place writes, so
/// that a gradient rule can tell that a value it saved is gone.
/// </summary>
abstract class Storage
{
    int references = 1;
    int version;

    private protected Storage(Pool pool, int count)
    {
        Pool = pool;
        Count = count;
    }

    /// <summary>Number of 32-bit elements in use.</summary>
    public int Count { get; private set; }

    /// <summary>The pool it came from.</summary>
    public Pool Pool { get; }

    /// <summary>How many times the content was overwritten in place since it was first filled.</summary>
    public int Version => Volatile.Read(ref version);

    /// <summary>True until the last reference is released.</summary>
    public bool IsAlive => Volatile.Read(ref references) > 0;

    /// <summary>True while there is a single reference: whoever has it may overwrite the content without anyone seeing it.</summary>
    public bool IsExclusive => Volatile.Read(ref references) == 1;

    /// <summary>Records an in-place write.</summary>
    public void BumpVersion() => Interlocked.Increment(ref version);

    /// <summary>Adds a reference. Throws <see cref="ObjectDisposedException"/>, and changes nothing, when the last one is gone.</summary>
    public void AddReference()
    {
        for (int n = Volatile.Read(ref references); ;)
        {
            if (n <= 0) throw new ObjectDisposedException(nameof(Storage), "the storage was released already.");
            int found = Interlocked.CompareExchange(ref references, n + 1, n);
            if (found == n) return;
            n = found;
        }
    }

    /// <summary>
    /// Drops a reference; the last one gives the memory back to the pool. Throws <see cref="ObjectDisposedException"/> when none is left to
    /// drop.
    /// </summary>
    public void Release()
    {
        for (int n = Volatile.Read(ref references); ;)
        {
            if (n <= 0) throw new ObjectDisposedException(nameof(Storage), "the storage was released more often than it was referenced.");
            int found = Interlocked.CompareExchange(ref references, n - 1, n);
            if (found != n)
            {
                n = found;
                continue;
            }
            if (n == 1) Pool.Return(this);
            return;
        }
    }

    /// <summary>A released block is handed out again: one reference, version 0, and as many elements as are wanted now.</summary>
    private protected void Revive(int count)
    {
        Count = count;
        version = 0;
        Volatile.Write(ref references, 1);
    }

    /// <summary>Copies elements to the host; waits for the device.</summary>
    public abstract void CopyTo(Span<float> destination);

    /// <summary>Copies elements from the host.</summary>
    public abstract void CopyFrom(ReadOnlySpan<float> source);

    /// <summary>Copies indices to the host; waits for the device.</summary>
    public void CopyTo(Span<int> destination) => CopyTo(MemoryMarshal.Cast<int, float>(destination));

    /// <summary>Copies indices from the host.</summary>
    public virtual void CopyFrom(ReadOnlySpan<int> source) => CopyFrom(MemoryMarshal.Cast<int, float>(source));
}

/// <summary>
/// Host memory: 64-byte aligned, and padded so that a vector load of 64 bytes at any element in use stays inside the block.
/// </summary>
sealed unsafe class HostStorage : Storage
{
    internal HostStorage(HostPool pool, float* pointer, int count, long blockBytes) : base(pool, count)
    {
        Pointer = pointer;
        BlockBytes = blockBytes;
    }

    /// <summary>The first element. Valid while the storage is alive.</summary>
    public float* Pointer { get; }

    internal long BlockBytes { get; }

    internal void Reuse(int count) => Revive(count);

    /// <summary>The elements in use.</summary>
    public Span<float> Span => new(Pointer, Count);

    /// <summary>The elements in use, read as indices.</summary>
    public Span<int> Indices => new(Pointer, Count);

    /// <inheritdoc/>
    public override void CopyTo(Span<float> destination) => Span[..destination.Length].CopyTo(destination);

    /// <inheritdoc/>
    public override void CopyFrom(ReadOnlySpan<float> source) => source.CopyTo(Span);
}
