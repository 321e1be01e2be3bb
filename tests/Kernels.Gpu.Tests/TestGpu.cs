using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>The GPU of the tests: the first of CUDA, OpenCL (a processor's will do) and ILGPU's emulation.</summary>
static class TestGpu
{
    static TestGpu() => Environment.SetEnvironmentVariable(IlgpuDevices.AnyOpenCl, "1");

    public static Device Device => field ??= TryOpen("cuda:0") ?? TryOpen("opencl:0") ?? Emulated;

    /// <summary>Null where products may use the tiles of large GPUs, which take PoCL minutes to compile.</summary>
    public static string? WhyNotLargeTiles => Device == Cuda ? null : "large tiles are for CUDA devices; the sanitizer runs these tests.";

    public static Device? Cuda => field ??= TryOpen("cuda:0");

    public static Device? OpenCl => field ??= TryOpen("opencl:0");

    public static Device Emulated => field ??= Device.Parse("emulated");

    /// <summary>The device of this name; skips the test where there is none.</summary>
    public static Device Open(string name)
    {
        Device? device = TryOpen(name);
        Assert.SkipWhen(device == null, NoDevice(name));
        return device!;
    }

    /// <summary>Why tests for this device are skipped.</summary>
    public static string NoDevice(string name) => $"this machine has no device {name}.";

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
