using Sagan.Native.Kernels;
using Sagan.Native.Tests.Sanitizer;

namespace Sagan.Native.Tests;

/// <summary>The GPU of the linked tests: in this project the sanitizer.</summary>
static class TestGpu
{
    public static string? WhyNotLargeTiles => null;

    public static Device Device { get; } = SanitizerQueue.Device(prefersSmallTiles: false);
}
