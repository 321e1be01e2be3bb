using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>The GPU of the tests, for whole networks and training steps.</summary>
static class NetworkGpu
{
    /// <summary>Skips the test where there is none.</summary>
    public static Device Device
    {
        get
        {
            Assert.SkipWhen(TestGpu.Device.Name == "emulated",
                "the only GPU here is ILGPU's emulation, on which networks take minutes; an OpenCL device may be a processor (Debian: "
                    + "pocl-opencl-icd).");
            return TestGpu.Device;
        }
    }
}
