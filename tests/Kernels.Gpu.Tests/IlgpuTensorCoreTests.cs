using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Products on the tensor cores of a CUDA device.</summary>
public sealed class IlgpuTensorCoreTests
{
    [Fact]
    public void Products_hold()
    {
        Assert.SkipUnless(((ITensorCores)TestGpu.Device.Backend).HasTensorCores,
            $"{TestGpu.Device} has no tensor cores; the sanitizer runs these tests on an emulation.");
        Suite.RunAll(new OnDevice());
    }

    sealed class OnDevice : GpuTensorCoreProducts;
}
