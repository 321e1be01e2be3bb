using System.Runtime.InteropServices;
using Sagan.Native.Tests.Sanitizer;

namespace ILGPU;

/// <summary>Which group this is.</summary>
public static class Grid
{
    public static int IdxX => KernelThread.Current.Group.X;

    public static int IdxY => KernelThread.Current.Group.Y;

    public static int IdxZ => KernelThread.Current.Group.Z;

    public static int DimX => KernelThread.Current.Group.Grid.X;

    public static int DimY => KernelThread.Current.Group.Grid.Y;

    public static int DimZ => KernelThread.Current.Group.Grid.Z;
}

/// <summary>Which thread of the group this is; only X is used.</summary>
public static class Group
{
    public static int IdxX => KernelThread.Current.Index;

    public static int DimX => KernelThread.Current.Group.Threads;

    public static void Barrier() => KernelThread.Current.Barrier();
}

/// <summary>Memory of the group: each call in the kernel's text is one piece, the same for all threads.</summary>
public static class SharedMemory
{
    public static ArrayView<T> Allocate<T>(int extent) where T : unmanaged => KernelThread.Current.Allocate<T>(extent);
}

public static class Interop
{
    public static uint FloatAsInt(float value) => BitConverter.SingleToUInt32Bits(value);

    public static float IntAsFloat(uint value) => BitConverter.UInt32BitsToSingle(value);
}
