using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace Sagan.Native.Kernels;

/// <summary>The GPUs that ILGPU finds, why it does not use one, and opening them.</summary>
static class IlgpuDevices
{
    /// <summary>
    /// Set to 1 it admits OpenCL devices that have no generic address space, which ILGPU asks for and these kernels do not need (PoCL on a
    /// processor).
    /// </summary>
    public const string AnyOpenCl = "SAGAN_ANY_OPENCL";

    /// <summary>
    /// Why there is no GPU in a program that was compiled ahead of time, or would be if it were published: <c>dotnet run</c> takes the
    /// compiler from such a program too.
    /// </summary>
    public const string NoCompiler = "GPU kernels are compiled at run time, and a program with PublishAot=true has no compiler";

    static IlgpuDevices()
    {
        // ILGPU asks for libcuda.so and libOpenCL.so, names that only development packages install. On WSL it has its own way to find them.
        if (!OperatingSystem.IsLinux() || File.Exists("/usr/lib/wsl/lib/libcuda.so.1")) return;
        NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, (name, assembly, path) =>
            name is "cuda" or "OpenCL" && NativeLibrary.TryLoad($"lib{name}.so.1", out nint library) ? library : 0);
    }

    /// <summary>Every device, usable or not.</summary>
    public static IEnumerable<DeviceInfo> List()
    {
        if (!RuntimeFeature.IsDynamicCodeSupported)
        {
            foreach (string kind in (string[])["cuda", "opencl", "emulated"]) yield return new DeviceInfo(kind, "", NoCompiler);
            yield break;
        }
        foreach (string kind in (string[])["cuda", "opencl"])
        {
            using Context context = Create(kind);
            ILGPU.Runtime.Device[] found = [.. Of(context, kind)];
            for (int i = 0; i < found.Length; i++) yield return new DeviceInfo($"{kind}:{i}", Describe(found[i]), WhyNot(found[i]));
            if (found.Length == 0) yield return new DeviceInfo(kind, "", WhyNone(kind));
        }
        yield return new DeviceInfo("emulated", "ILGPU's emulation of a GPU on the processor: very slow, for checking kernels", null);
    }

    /// <summary>
    /// Opens cuda[:n], opencl[:n] or emulated. Throws <see cref="DeviceUnavailableException"/> with the reason and the way out.
    /// </summary>
    public static Device Open(string name)
    {
        string[] parts = name.Split(':');
        string kind = parts[0];
        int number = 0;
        if (parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], out number)))
            throw new DeviceUnavailableException($"device '{name}' is not {kind}:<number>, such as {kind}:0.");
        if (!RuntimeFeature.IsDynamicCodeSupported)
            throw new DeviceUnavailableException($"device '{name}' is not available: {NoCompiler}; use cpu, or build without it.");
        Context context = Create(kind);
        ILGPU.Runtime.Device[] found = [.. Of(context, kind)];
        string? why = found.Length == 0 ? WhyNone(kind)
            : number >= found.Length
                ? $"there {(found.Length == 1 ? $"is only {kind}:0" : $"are only {kind}:0 to {kind}:{found.Length - 1}")}"
            : WhyNot(found[number]);
        if (why != null)
        {
            context.Dispose();
            throw new DeviceUnavailableException($"device '{name}' is not available: {why}; use --device cpu.");
        }
        try
        {
            if (found[number] is CLDevice cl && !cl.Capabilities.GenericAddressSpace) Admit(cl);
            IlgpuQueue queue = new(found[number].CreateAccelerator(context), PrefersSmallTiles(found[number]));
            GpuPool pool = new(queue);
            return new Device(kind == "emulated" ? kind : $"{kind}:{number}", pool, new GpuBackend(queue, pool));
        }
        catch (Exception e) when (e is AcceleratorException or NotSupportedException or DllNotFoundException or EntryPointNotFoundException)
        {
            context.Dispose();
            throw new DeviceUnavailableException($"device '{name}' ({found[number].Name}) does not open: {e.Message}; use --device cpu.",
                e);
        }
    }

    static Context Create(string kind) => Context.Create(builder =>
    {
        // Every device is listed, also one that cannot be used: WhyNot tells why.
        if (kind == "cuda") builder.Cuda(_ => { });
        if (kind == "opencl") builder.OpenCL(_ => true);
        // As many threads in a thread block as the kernels are written for.
        if (kind == "emulated") builder.CPU(new CPUDevice(32, GpuQueue.Threads / 32, 1));
        builder.Optimize(OptimizationLevel.O2).Profiling();
    });

    static IEnumerable<ILGPU.Runtime.Device> Of(Context context, string kind) => context.Devices.Where(d => d.AcceleratorType == kind switch
    {
        "cuda" => AcceleratorType.Cuda,
        "opencl" => AcceleratorType.OpenCL,
        _ => AcceleratorType.CPU,
    });

    static string Describe(ILGPU.Runtime.Device d) =>
        $"{d.Name}, {d.MemorySize >> 20} MB, {d.NumMultiprocessors} multiprocessors" +
        (d is CudaDevice { Architecture: { } a } ? $", {a}" : "");

    static string WhyNone(string kind)
    {
        string library = kind == "cuda" ? "cuda" : "OpenCL";
        string file = OperatingSystem.IsWindows() ? (kind == "cuda" ? "nvcuda.dll" : "OpenCL.dll") : $"lib{library}.so.1";
        if (!NativeLibrary.TryLoad(file, out _))
            return $"{file} was not found: {(kind == "cuda" ? "the NVIDIA driver" : "an OpenCL driver")} is not installed";
        return $"{file} is there and reports no device";
    }

    static string? WhyNot(ILGPU.Runtime.Device d)
    {
        if (d.MaxNumThreadsPerGroup < GpuQueue.Threads)
            return $"its threadBlocks have at most {d.MaxNumThreadsPerGroup} threads, the kernels need {GpuQueue.Threads}";
        if (d is CLDevice cl && !cl.Capabilities.GenericAddressSpace && Environment.GetEnvironmentVariable(AnyOpenCl) != "1")
            return $"it has no generic address space, which ILGPU asks for; {AnyOpenCl}=1 admits it all the same";
        if (d is CudaDevice { Architecture: null } or CudaDevice { InstructionSet: null })
            return "its architecture or its driver is unknown to this version of ILGPU";
        return null;
    }

    // The only way to tell ILGPU: the property has a setter that is not public.
    static void Admit(CLDevice cl) =>
        typeof(CLCapabilityContext).GetProperty(nameof(CLCapabilityContext.GenericAddressSpace),
        BindingFlags.Public | BindingFlags.Instance)!
            .SetValue(cl.Capabilities, true);

    static bool PrefersSmallTiles(ILGPU.Runtime.Device d) =>
        d is CPUDevice || d is CLDevice { DeviceType: CLDeviceType.CL_DEVICE_TYPE_CPU };
}
