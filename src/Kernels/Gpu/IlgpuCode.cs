using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Sagan.Native.Kernels;

/// <summary>What ILGPU makes of a kernel.</summary>
static class IlgpuCode
{
    static readonly Lock Gate = new();
    static readonly Dictionary<int, (Context Context, PTXBackend Backend)> Compilers = [];

    /// <summary>
    /// The PTX for a compute capability such as 80; needs no GPU. ILGPU 1.5.3 writes at most sm_80, which later devices run.
    /// </summary>
    public static string Ptx(LaunchedKernel kernel, int capability)
    {
        // A context costs as much as compiling a hundred kernels, so there is one for each capability; one that failed to compile a kernel
        // compiles no other.
        lock (Gate)
        {
            if (!Compilers.TryGetValue(capability, out (Context Context, PTXBackend Backend) compiler))
                Compilers.Add(capability, compiler = PtxCompiler(capability));
            try
            {
                return ((PTXCompiledKernel)Compile(compiler.Backend, kernel)).PTXAssembly;
            }
            catch
            {
                Compilers.Remove(capability);
                compiler.Backend.Dispose();
                compiler.Context.Dispose();
                throw;
            }
        }
    }

    static (Context, PTXBackend) PtxCompiler(int capability)
    {
        CudaArchitecture architecture = new(capability / 10, capability % 10);
        Context context = Context.Create(b => b.CPU().Optimize(OptimizationLevel.O2));
        return (context, new PTXBackend(context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_78, null));
    }

    /// <summary>The OpenCL C for an open OpenCL device.</summary>
    public static string OpenCl(LaunchedKernel kernel, Device device)
    {
        if (device.Backend is not GpuBackend { Context.Queue: IlgpuQueue queue } || queue.Accelerator is not CLAccelerator accelerator)
            throw new ArgumentException($"'{device}' is no OpenCL device.", nameof(device));
        return ((CLCompiledKernel)Compile(accelerator.Backend, kernel)).Source;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "A kernel is a struct without a parameterless constructor.")]
    static CompiledKernel Compile(ILGPU.Backends.Backend backend, LaunchedKernel kernel)
    {
        if (!RuntimeFeature.IsDynamicCodeSupported) throw new DeviceUnavailableException($"{IlgpuDevices.NoCompiler}.");
        MethodInfo entry = typeof(GpuEntry).GetMethod(nameof(GpuEntry.Run))!.MakeGenericMethod(kernel.Type);
        return backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), Specialization(kernel.Type, kernel.Threads));
    }

    /// <summary>What the assembler is told of how the kernel will be launched.</summary>
    public static KernelSpecialization Specialization(Type kernel, int threads) =>
        new(threads, kernel.GenericTypeArguments.Prepend(kernel).Select(t => t.GetCustomAttribute<MinBlocksPerSMAttribute>()?.Count).Max());
}
