using System.Runtime.InteropServices;

namespace Sagan.Native.Tests.Sanitizer;

/// <summary>A kernel did what a device would punish.</summary>
public sealed class KernelException(string message, Exception? inner = null) : Exception(message, inner)
{
    public KernelException() : this("") { }

    public KernelException(string message) : this(message, null) { }
}

/// <summary>Aligned memory that tells when it is used after its end.</summary>
public sealed unsafe class DeviceMemory : IDisposable
{
    readonly ICollection<DeviceMemory>? all;
    byte* pointer;

    /// <summary>Memory that leaves the list of all when it is given back.</summary>
    public DeviceMemory(long bytes, ICollection<DeviceMemory>? all = null)
    {
        this.all = all;
        Bytes = bytes;
        pointer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 256);
    }

    public long Bytes { get; }

    public nint Pointer => pointer != null ? (nint)pointer : throw new KernelException("device memory is used after it was given back");

    /// <summary>Every float a NaN: memory holds no zeros by itself.</summary>
    public void Poison() => new Span<uint>(pointer, (int)(Bytes / 4)).Fill(0xFFC0DEAD);

    public void Dispose()
    {
        all?.Remove(this);
        NativeMemory.AlignedFree(pointer);
        pointer = null;
    }
}
