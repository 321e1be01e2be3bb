namespace Sagan.Native.Kernels;

public sealed partial class Device
{
    static partial void OpenGpu(string name, ref Device? device) => device = IlgpuDevices.Open(name);

    static partial void ListGpus(List<DeviceInfo> devices) => devices.AddRange(IlgpuDevices.List());
}

public static partial class GeneratedCode
{
    static partial void RecordLaunches(Func<Device, Action> prepare, ref IReadOnlyList<LaunchedKernel>? kernels) => kernels = IlgpuRecorder.Record(prepare);

    static partial void CompilePtx(LaunchedKernel kernel, int capability, ref string? text) => text = IlgpuCode.Ptx(kernel, capability / 10, capability % 10);

    static partial void CompileOpenCl(LaunchedKernel kernel, string device, ref string? text) => text = IlgpuCode.OpenCl(kernel, Device.Parse(device));
}
