namespace Sagan.Native.Kernels;

/// <summary>The GPU kernels of this build, and what ILGPU makes of them: PTX without a GPU, OpenCL C with an OpenCL device.</summary>
public static partial class GeneratedCode
{
    /// <summary>The names of all kernels, such as <c>Map(Tanh)</c>. Throws <see cref="DeviceUnavailableException"/> where the build has none.</summary>
    public static IReadOnlyList<string> Kernels()
    {
        List<string>? names = null;
        ListKernels(ref names);
        return names ?? throw new DeviceUnavailableException($"there is no GPU code: {Device.PackageMissing}.");
    }

    /// <summary>The PTX of a kernel for a compute capability such as 80 or 90.</summary>
    public static string Ptx(string kernel, int capability)
    {
        Kernels();
        string? text = null;
        CompilePtx(kernel, capability, ref text);
        return text!;
    }

    /// <summary>The OpenCL C of a kernel for the OpenCL device of this name.</summary>
    public static string OpenCl(string kernel, string device)
    {
        Kernels();
        string? text = null;
        CompileOpenCl(kernel, device, ref text);
        return text!;
    }

    // The seam of the optional package: IlgpuSeam.cs.
    static partial void ListKernels(ref List<string>? names);

    static partial void CompilePtx(string kernel, int capability, ref string? text);

    static partial void CompileOpenCl(string kernel, string device, ref string? text);
}
