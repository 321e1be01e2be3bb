namespace Sagan.Native.Kernels;

/// <summary>
/// SIMD kernels in C# on the host's cores, with vectors of 512, 256 or 128 bits, whichever the processor has. Each kernel is in the folder of its name; what
/// they
/// share is in Cpu: the worker pool, scratch memory, and the choice of vector width.
/// </summary>
public sealed unsafe partial class CpuBackend : Backend
{
    static float* Floats(Storage s) => ((HostStorage)s).Pointer;
}
