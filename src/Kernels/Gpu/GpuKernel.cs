using System.Runtime.CompilerServices;
using ILGPU;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>
/// A kernel: a struct whose fields are the arguments and whose <see cref="Run"/> is what every thread executes, told apart by Grid.IdxX and
/// Group.IdxX.
/// ILGPU compiles Run and what it calls to PTX or OpenCL C, so it uses what ILGPU can: no allocation, no exception, no span, no array in a
/// loop.
/// Such a kernel is for threads that do not see each other: it may not use shared memory or a barrier.
/// </summary>
interface IGpuKernel
{
    /// <summary>One thread.</summary>
    void Run();
}

/// <summary>
/// A kernel whose threads work in thread blocks: they share memory and wait for each other at Group.Barrier, which all of a thread block
/// must reach.
/// </summary>
interface IGpuBlockKernel : IGpuKernel;

/// <summary>
/// So many thread blocks of this kernel, or of one with this type argument, are to fit on an SM together: the assembler takes no more
/// registers than that allows, if need be at the price of keeping some values in memory.
/// </summary>
[AttributeUsage(AttributeTargets.Struct)]
sealed class MinBlocksPerSMAttribute(int count) : Attribute
{
    public int Count => count;
}

/// <summary>Number of thread blocks along each axis; X may be large, Y and Z are at most 65535.</summary>
readonly record struct GpuGrid(int X, int Y = 1, int Z = 1)
{
    /// <summary>So many thread blocks fill any device: what cuts of long sums aim at.</summary>
    public const int Enough = 1024;

    /// <summary>Enough thread blocks of so many threads for n elements, one each; at least one.</summary>
    public static GpuGrid Cover(int n, int threads = GpuQueue.Threads) => new(Math.Max(1, CeilDiv(n, threads)));

    /// <summary>A thread for every four of n elements.</summary>
    public static GpuGrid CoverVec4(int n) => Cover(CeilDiv(n, 4));

    /// <summary>All thread blocks.</summary>
    public long Count => (long)X * Y * Z;
}

/// <summary>What a launch calls: ILGPU wants a static method, kernels are structs.</summary>
static class GpuEntry
{
    public static void Run<TKernel>(TKernel kernel) where TKernel : struct, IGpuKernel => kernel.Run();
}

/// <summary>Which thread this is.</summary>
static class GpuThread
{
    /// <summary>Counted over all thread blocks along X. At most 2^31 - 1: kernels give a thread several elements.</summary>
    public static int Index
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Grid.IdxX * Group.DimX + Group.IdxX;
    }
}
