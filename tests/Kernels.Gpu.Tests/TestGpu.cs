using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>The GPU of the tests: the first of CUDA, OpenCL (a processor's will do) and ILGPU's emulation.</summary>
static class TestGpu
{
    static TestGpu()
    {
        Environment.SetEnvironmentVariable(IlgpuDevices.AnyOpenCl, "1");
        // PoCL compiles for a processor, where what matters here is what kernels compute: without LLVM's optimisations it takes a third of
        // the time. A value from outside stands: POCL_EXTRA_BUILD_FLAGS=-w tests what is optimised.
        if (OperatingSystem.IsLinux()) _ = SetEnvironment("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable", overwrite: 0);
    }

    // The environment that libraries see; .NET has a copy.
    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SetEnvironment(string name, string value, int overwrite);

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
