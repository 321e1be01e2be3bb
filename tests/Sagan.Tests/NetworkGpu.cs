using Sagan.Native.Kernels;
using Sagan.Native.Tests.StandIn;

namespace Sagan.Native.Tests;

/// <summary>The GPU of the tests, for work of different sizes.</summary>
static class NetworkGpu
{
    /// <summary>For a few training steps of tiny networks.</summary>
    public static Device ForSteps
    {
        get
        {
            Skip.If(TestGpu.Device.Name == "emulated", "the only GPU here is ILGPU's emulation, on which a training step takes minutes.");
            return TestGpu.Device;
        }
    }

    /// <summary>For the networks of the golden files.</summary>
    public static Device ForNetworks
    {
        get
        {
            Skip.If(ForSteps.Name == "stand-in", "this build is without ILGPU, and on the stand-in the networks of the golden files take minutes.");
            return ForSteps;
        }
    }
}
