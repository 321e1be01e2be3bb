using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>The GPU's kernels as ILGPU compiles them, held to the contract on the devices of this machine.</summary>
public abstract class IlgpuConformanceTests
{
    private protected static bool IsAtMost(KernelCase c, int elements) => c.Operands.Sum(o => (long)o.Count) <= elements;

    protected static void Check(string name, Device gpu)
    {
        KernelCase c = KernelCases.Named(name);
        Contract.IsKept(c, gpu);
        if (c.Aliases.Length > 0) Contract.WorksInPlace(c, gpu);
    }
}

/// <summary>
/// ILGPU's emulation, which every machine has; it has a thread of the system for each of the device's, so that large cases take long, and
/// those of top-k, whose blocks meet at a hundred barriers a row, very long.
/// </summary>
public sealed class EmulatedConformanceTests : IlgpuConformanceTests
{
    public static TheoryData<string> Small =>
        KernelCases.Names(c => IsAtMost(c, c.Method == nameof(Backend.TopKMask) ? 500 : 20_000), areQuick: false);

    [Theory, MemberData(nameof(Small))]
    public void Agrees_with_the_definition(string name) => Contract.AgreesWithDefinition(KernelCases.Named(name), TestGpu.Emulated);
}

/// <summary>An OpenCL device, which may be a processor.</summary>
public sealed class OpenClConformanceTests : IlgpuConformanceTests
{
    public static TheoryData<string> Small =>
        Suite.Cases(TestGpu.OpenCl == null ? TestGpu.NoDevice("opencl:0") : null,
        () => KernelCases.Names(c => IsAtMost(c, 20_000), areQuick: false));

    [Theory, MemberData(nameof(Small))]
    public void Keeps_the_contract(string name)
    {
        Suite.SkipIfAbsent(name);
        Check(name, TestGpu.OpenCl!);
    }
}

/// <summary>A CUDA device: the whole table.</summary>
public sealed class CudaConformanceTests : IlgpuConformanceTests
{
    public static TheoryData<string> All =>
        Suite.Cases(TestGpu.Cuda == null ? TestGpu.NoDevice("cuda:0") : null, () => KernelCases.Names(areQuick: false));

    [Theory, MemberData(nameof(All))]
    public void Keeps_the_contract(string name)
    {
        Suite.SkipIfAbsent(name);
        Check(name, TestGpu.Cuda!);
    }
}
