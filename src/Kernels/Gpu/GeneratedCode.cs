namespace Sagan.Native.Kernels;

/// <summary>A kernel that some work launched on a GPU.</summary>
/// <param name="Name">For example <c>Map(Tanh)</c>.</param>
/// <param name="Type">Its struct.</param>
/// <param name="Threads">Threads of a thread block.</param>
/// <param name="Launches">How often it was launched.</param>
/// <param name="Blocks">Thread blocks of all launches together.</param>
sealed record LaunchedKernel(string Name, Type Type, int Threads, int Launches, long Blocks);

/// <summary>
/// Which GPU kernels some work launches, and what ILGPU makes of them: PTX without a GPU, OpenCL C with an OpenCL device.
/// </summary>
static class GeneratedCode
{
    /// <summary>
    /// The kernels that some work launches on a device that computes nothing: <paramref name="prepare"/> is given the device and returns
    /// the work. Needs no GPU.
    /// </summary>
    public static IReadOnlyList<LaunchedKernel> Record(Func<Device, Action> prepare) => IlgpuRecorder.Record(prepare);

    /// <summary>The PTX of a kernel for a compute capability such as 80 or 90.</summary>
    public static string Ptx(LaunchedKernel kernel, int capability) => IlgpuCode.Ptx(kernel, capability);

    /// <summary>The OpenCL C of a kernel for the OpenCL device of this name.</summary>
    public static string OpenCl(LaunchedKernel kernel, string device) => IlgpuCode.OpenCl(kernel, Device.Parse(device));
}
