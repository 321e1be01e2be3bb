namespace Sagan.Native.Kernels;

/// <summary>A kernel that some work launched on a GPU.</summary>
/// <param name="Name">For example <c>Map(Tanh)</c>.</param>
/// <param name="Type">Its struct.</param>
/// <param name="Threads">Threads of a group.</param>
/// <param name="Launches">How often it was launched.</param>
/// <param name="Groups">Groups of all launches together.</param>
public sealed record LaunchedKernel(string Name, Type Type, int Threads, int Launches, long Groups);

/// <summary>Which GPU kernels some work launches, and what ILGPU makes of them: PTX without a GPU, OpenCL C with an OpenCL device.</summary>
public static partial class GeneratedCode
{
    /// <summary>
    /// The kernels that some work launches on a device that computes nothing: <paramref name="prepare"/> is given the device and returns the work. Needs no
    /// GPU. Throws <see cref="DeviceUnavailableException"/> where the build has no GPU kernels.
    /// </summary>
    public static IReadOnlyList<LaunchedKernel> Record(Func<Device, Action> prepare)
    {
        IReadOnlyList<LaunchedKernel>? kernels = null;
        RecordLaunches(prepare, ref kernels);
        return kernels ?? throw new DeviceUnavailableException($"there is no GPU code: {Device.PackageMissing}.");
    }

    /// <summary>The PTX of a kernel for a compute capability such as 80 or 90.</summary>
    public static string Ptx(LaunchedKernel kernel, int capability)
    {
        string? text = null;
        CompilePtx(kernel, capability, ref text);
        return text!;
    }

    /// <summary>The OpenCL C of a kernel for the OpenCL device of this name.</summary>
    public static string OpenCl(LaunchedKernel kernel, string device)
    {
        string? text = null;
        CompileOpenCl(kernel, device, ref text);
        return text!;
    }

    // The seam of the optional package: IlgpuSeam.cs.
    static partial void RecordLaunches(Func<Device, Action> prepare, ref IReadOnlyList<LaunchedKernel>? kernels);

    static partial void CompilePtx(LaunchedKernel kernel, int capability, ref string? text);

    static partial void CompileOpenCl(LaunchedKernel kernel, string device, ref string? text);
}
