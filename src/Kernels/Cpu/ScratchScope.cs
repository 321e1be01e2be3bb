namespace Sagan.Native.Kernels;

/// <summary>
/// Memory of a <see cref="ScratchArena"/> that lives until the scope ends: <c>using ScratchScope scratch = ScratchArena.Enter();</c>. Each
/// piece begins at a multiple of 64 bytes and may be read and written by a whole vector that begins at its last element. Throws
/// <see cref="InvalidOperationException"/> where scopes do not end in the order of their nesting, or one takes memory while another inside
/// it is open.
/// </summary>
readonly unsafe ref struct ScratchScope
{
    readonly ScratchArena arena;
    // Where the arena was when the scope began.
    readonly byte* next;
    readonly long used;
    readonly int block, depth;

    internal ScratchScope(ScratchArena arena, int block, byte* next, long used, int depth)
    {
        this.arena = arena;
        (this.block, this.used, this.depth) = (block, used, depth);
        this.next = next;
    }

    /// <summary>So many elements, with undefined content.</summary>
    public T* Of<T>(long count) where T : unmanaged => (T*)arena.Take(checked(count * sizeof(T)), depth);

    /// <inheritdoc cref="Of{T}"/>
    public float* Floats(long count) => Of<float>(count);

    /// <inheritdoc cref="Of{T}"/>
    public double* Doubles(long count) => Of<double>(count);

    /// <summary>Gives everything back that was taken.</summary>
    public void Dispose() => arena.End(block, next, used, depth);
}
