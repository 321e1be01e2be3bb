namespace Sagan.Native.Kernels;

public sealed partial class Device
{
    static partial void OpenGpu(string name, ref Device? device) => device = IlgpuDevices.Open(name);

    static partial void ListGpus(List<DeviceInfo> devices) => devices.AddRange(IlgpuDevices.List());
}
