namespace Sagan.Native.Kernels;

public sealed partial class Device
{
    static partial void OpenGpu(string name, ref Device? device) => device = IlgpuDevices.Open(name);

    static partial void ListGpus(List<DeviceInfo> devices) => devices.AddRange(IlgpuDevices.List());
}

public static partial class GeneratedCode
{
    static partial void ListKernels(ref List<string>? names) => names = [.. GpuKernelCatalogue.All.Select(GpuKernelName.Of)];

    static partial void CompilePtx(string kernel, int capability, ref string? text) => text = IlgpuCode.Ptx(Named(kernel), capability / 10, capability % 10);

    static partial void CompileOpenCl(string kernel, string device, ref string? text) => text = IlgpuCode.OpenCl(Named(kernel), Device.Parse(device));

    static Type Named(string kernel) => GpuKernelCatalogue.All.FirstOrDefault(t => GpuKernelName.Of(t) == kernel)
        ?? throw new ArgumentException($"there is no kernel '{kernel}'; sagan kernels lists them.", nameof(kernel));
}
