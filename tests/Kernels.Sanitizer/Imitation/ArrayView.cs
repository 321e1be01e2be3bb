using Sagan.Native.Tests.Sanitizer;

namespace ILGPU;

/// <summary>
/// ILGPU's view of device memory, for the tests: written from its documentation, and with what it does not have on a device, a check of
/// every index and of memory that was given back.
/// </summary>
public readonly unsafe struct ArrayView<T> where T : unmanaged
{
    readonly DeviceMemory? memory;
    readonly long offset;

    internal ArrayView(DeviceMemory memory, long offset, long length) => (this.memory, this.offset, Length) = (memory, offset, length);

    /// <summary>Elements.</summary>
    public long Length { get; }

    public int IntLength => checked((int)Length);

    public bool IsValid => memory != null && Length > 0;

    internal DeviceMemory Memory => memory ?? throw new InvalidOperationException("the view points nowhere.");

    public ref T this[int index] => ref this[(long)index];

    public ref T this[long index]
    {
        get
        {
            if ((ulong)index >= (ulong)Length)
                throw new KernelException($"index {index} is outside of a view of {Length} {typeof(T).Name}");
            return ref ((T*)(Memory.Pointer + offset))[index];
        }
    }

    public ArrayView<T> SubView(long index, long length)
    {
        if (index < 0 || length < 0 || index + length > Length)
            throw new KernelException($"elements {index} .. {index + length} are outside of a view of {Length}");
        return new ArrayView<T>(Memory, offset + index * sizeof(T), length);
    }

    public ArrayView<TOther> Cast<TOther>() where TOther : unmanaged
    {
        if (memory == null) return default;
        // A device faults on a load that is not aligned to its size.
        if (sizeof(TOther) > sizeof(T) && (Memory.Pointer + offset) % sizeof(TOther) != 0)
            throw new KernelException($"a view that is not aligned to {sizeof(TOther)} bytes is read as {typeof(TOther).Name}");
        return new ArrayView<TOther>(Memory, offset, Length * sizeof(T) / sizeof(TOther));
    }

    internal Span<T> Span => new((T*)(Memory.Pointer + offset), IntLength);
}
