using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Without ILGPU: what cannot be tested says so, and what is asked for is refused with the way out.</summary>
public sealed class IlgpuAbsentTests
{
    const string Why = "this build is without ILGPU, because the package did not restore; the GPU kernels ran on the stand-in.";

    [SkippableFact]
    public void Kernels_keep_the_contract_on_cuda_opencl_and_emulated_devices() => Skip.If(true, Why);

    [SkippableFact]
    public void Ptx_of_every_kernel_is_sound() => Skip.If(true, Why);

    [SkippableFact]
    public void Ptx_of_products_on_tensor_cores_has_their_instructions() => Skip.If(true, Why + " Their instructions were emulated.");

    [Theory]
    [InlineData("cuda")]
    [InlineData("cuda:1")]
    [InlineData("opencl:0")]
    [InlineData("emulated")]
    public void A_gpu_is_refused_with_the_way_out(string name)
    {
        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(() => Device.Parse(name));
        Assert.Contains("ILGPU", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("use --device cpu.", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void There_is_no_gpu_code_to_print() => Assert.Throws<DeviceUnavailableException>(() => GeneratedCode.Record(_ => () => { }));
}
