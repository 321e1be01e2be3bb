using System.Runtime.InteropServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Temporary memory of kernels: a stack of bytes for each thread, from which a <see cref="ScratchScope"/> takes what it needs and to which
/// it gives all of it back when it ends. A kernel that calls another has nothing to agree on with it: the inner one's memory lies above its
/// own.
/// <code>
/// using ScratchScope scratch = ScratchArena.Enter();
/// float* partials = scratch.Floats(n);
/// </code>
/// Taking memory costs some additions. What was handed out never moves: where a block is full another one is begun, and when the outermost
/// scope ends, one block that would have held everything takes the place of all, so that a training step that has run once allocates
/// nothing. An arena that has needed less than a quarter of its memory for ten seconds gives the rest back, and all of it when its thread
/// ends. The content is undefined; in a Debug build it is NaN, before and after use.
/// </summary>
sealed unsafe class ScratchArena(int idleMilliseconds = 10_000) : IDisposable
{
    /// <summary>What every piece begins at a multiple of: a cache line, and the widest vector.</summary>
    public const int Alignment = 64;

    // Room for a whole vector that begins at the last element.
    const int Padding = 64;
    const long LeastBlockBytes = 1 << 18;
    // Outermost scopes between two looks at the clock.
    const int ScopesBetweenLooks = 256;

    [ThreadStatic] static ScratchArena? ofThread;

    readonly List<(nint Begin, long Bytes)> blocks = [];
    // The block that is being filled, -1 for none; where in it the next piece begins, and where it ends.
    int block = -1;
    byte* next, end;
    int depth, untilLook = ScopesBetweenLooks;
    // Bytes handed out now; the most of the last seconds; what the next block holds at least; when those seconds began.
    long used, peak, wanted = LeastBlockBytes, since = Environment.TickCount64;

    /// <summary>Whether memory is filled with NaN when it is handed out and when it is given back.</summary>
    internal static bool Poisons { get; set; }
#if DEBUG
        = true;
#endif

    /// <summary>Begins a scope on this thread's arena.</summary>
    public static ScratchScope Enter() => (ofThread ??= new ScratchArena()).Begin();

    /// <summary>Bytes held from the system.</summary>
    internal long ReservedBytes => blocks.Sum(b => b.Bytes);

    /// <summary>Begins a scope.</summary>
    internal ScratchScope Begin() => new(this, block, next, used, ++depth);

    /// <summary>The next so many bytes, for the innermost scope.</summary>
    internal byte* Take(long bytes, int ofDepth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (ofDepth != depth)
            throw new InvalidOperationException("scratch: a scope was asked for memory while one inside it is open; ask before.");
        long size = (bytes + Padding + Alignment - 1) & ~(Alignment - 1L);
        if (size > end - next) Advance(size);
        byte* p = next;
        next += size;
        used += size;
        peak = Math.Max(peak, used);
        if (Poisons) NativeMemory.Fill(p, (nuint)size, 0xFF);
        return p;
    }

    /// <summary>Ends the innermost scope, which began so.</summary>
    internal void End(int ofBlock, byte* ofNext, long ofUsed, int ofDepth)
    {
        if (ofDepth != depth)
            throw new InvalidOperationException("scratch: a scope was ended twice, or before one inside it; end them as nested.");
        if (Poisons) Poison(ofBlock, ofNext);
        depth--;
        used = ofUsed;
        if (depth == 0)
        {
            if (blocks.Count > 1 || --untilLook == 0) Settle();
            ofBlock = blocks.Count - 1;
            ofNext = ofBlock < 0 ? null : (byte*)blocks[0].Begin;
        }
        // A block that was begun inside stays, for the next scope inside.
        Resume(ofBlock, ofNext);
    }

    void Resume(int ofBlock, byte* ofNext)
    {
        block = ofBlock;
        next = ofNext;
        end = block < 0 ? null : (byte*)blocks[block].Begin + blocks[block].Bytes;
    }

    // Goes on in the next block, which is made where there is none that is large enough.
    void Advance(long size)
    {
        int at = block + 1;
        if (at == blocks.Count || blocks[at].Bytes < size)
        {
            long bytes = Math.Max(Math.Max(size, wanted), at == 0 ? 0 : blocks[block].Bytes);
            blocks.Insert(at, (Allocate(bytes), bytes));
        }
        Resume(at, (byte*)blocks[at].Begin);
    }

    static nint Allocate(long bytes)
    {
        try
        {
            return (nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment);
        }
        catch (OutOfMemoryException e)
        {
            string message = $"out of host memory: a kernel needs {bytes >> 20} MB for intermediate results; use a smaller batch.";
            throw new DeviceMemoryException(message, e);
        }
    }

    // Between outermost scopes: several blocks become one, and one that is much too large becomes a small one.
    void Settle()
    {
        if (blocks.Count > 1) Release();
        untilLook = ScopesBetweenLooks;
        long now = Environment.TickCount64;
        if (now - since >= idleMilliseconds)
        {
            if (ReservedBytes > Math.Max(4 * peak, LeastBlockBytes)) Release();
            (since, peak) = (now, 0);
        }
    }

    void Release()
    {
        foreach ((nint begin, _) in blocks) NativeMemory.AlignedFree((void*)begin);
        blocks.Clear();
        wanted = Math.Max(peak, LeastBlockBytes);
    }

    void Poison(int ofBlock, byte* ofNext)
    {
        for (int i = Math.Max(ofBlock, 0); i <= block; i++)
        {
            byte* from = i == ofBlock ? ofNext : (byte*)blocks[i].Begin, to = i == block ? next : (byte*)blocks[i].Begin + blocks[i].Bytes;
            NativeMemory.Fill(from, (nuint)(to - from), 0xFF);
        }
    }

    /// <summary>Gives everything back.</summary>
    public void Dispose()
    {
        Release();
        Resume(-1, null);
        GC.SuppressFinalize(this);
    }

    ~ScratchArena() => Release();
}
