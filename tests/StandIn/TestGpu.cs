using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.StandIn;

/// <summary>The GPU of the tests: the stand-in, because this build is without ILGPU.</summary>
static class TestGpu
{
    public static Device Device { get; } = StandInQueue.Device(prefersSmallTiles: false);
}
