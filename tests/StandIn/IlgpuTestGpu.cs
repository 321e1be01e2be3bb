using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.StandIn;

/// <summary>The GPU of the tests: the first of CUDA, OpenCL (a processor's will do) and ILGPU's emulation.</summary>
static class TestGpu
{
    static TestGpu() => Environment.SetEnvironmentVariable(IlgpuDevices.AnyOpenCl, "1");

    public static Device Device => field ??= TryOpen("cuda:0") ?? TryOpen("opencl:0") ?? Emulated;

    public static Device? Cuda => field ??= TryOpen("cuda:0");

    public static Device? OpenCl => field ??= TryOpen("opencl:0");

    public static Device Emulated => field ??= Device.Parse("emulated");

    static Device? TryOpen(string name)
    {
        try
        {
            return Sagan.Native.Kernels.Device.Parse(name);
        }
        catch (DeviceUnavailableException)
        {
            return null;
        }
    }
}
