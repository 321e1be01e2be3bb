using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Sagan.Native.Kernels;

/// <summary>What ILGPU makes of a kernel for CUDA, without a GPU.</summary>
static class IlgpuPtx
{
    /// <summary>
    /// The PTX of a kernel for compute capability major.minor. A new context for each: one that failed to compile a kernel compiles no other.
    /// </summary>
    public static string Compile(Type kernel, int major, int minor)
    {
        CudaArchitecture architecture = new(major, minor);
        using Context context = Context.Create(b => b.CPU().Optimize(OptimizationLevel.O2));
        using PTXBackend backend = new(context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_80, null);
        MethodInfo entry = typeof(GpuEntry).GetMethod(nameof(GpuEntry.Run))!.MakeGenericMethod(kernel);
        CompiledKernel compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), new KernelSpecialization(GpuQueue.Threads, null));
        return ((PTXCompiledKernel)compiled).PTXAssembly;
    }
}
