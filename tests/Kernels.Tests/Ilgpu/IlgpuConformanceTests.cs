using Sagan.Native.Kernels;
using Sagan.Native.Tests.StandIn;

namespace Sagan.Native.Tests.Conformance;

/// <summary>The GPU's kernels as ILGPU compiles them, held to the contract on the devices of this machine.</summary>
public abstract class IlgpuConformanceTests
{
    protected static bool IsAtMost(KernelCase c, int elements) => c.Operands.Sum(o => (long)o.Count) <= elements;

    protected static void Check(string name, Device gpu)
    {
        KernelCase c = KernelCases.Named(name);
        Contract.IsKept(c, gpu);
        if (c.Aliases.Length > 0) Contract.WorksInPlace(c, gpu);
    }
}

/// <summary>ILGPU's emulation has a thread of the system for each of the device's: tiny cases only.</summary>
public sealed class EmulatedConformanceTests : IlgpuConformanceTests
{
    public static TheoryData<string> Tiny => KernelCases.Names(c => IsAtMost(c, 120));

    [Theory, MemberData(nameof(Tiny))]
    public void Agrees_with_the_definition(string name) => Contract.AgreesWithDefinition(KernelCases.Named(name), TestGpu.Emulated);
}

/// <summary>An OpenCL device, which may be a processor.</summary>
public sealed class OpenClConformanceTests : IlgpuConformanceTests
{
    public static TheoryData<string> Small => KernelCases.Names(c => IsAtMost(c, 20_000));

    [SkippableTheory, MemberData(nameof(Small))]
    public void Keeps_the_contract(string name)
    {
        Skip.If(TestGpu.OpenCl == null, "this machine has no OpenCL device.");
        Check(name, TestGpu.OpenCl!);
    }
}

/// <summary>A CUDA device: the whole table.</summary>
public sealed class CudaConformanceTests : IlgpuConformanceTests
{
    public static TheoryData<string> All => KernelCases.Names();

    [SkippableTheory, MemberData(nameof(All))]
    public void Keeps_the_contract(string name)
    {
        Skip.If(TestGpu.Cuda == null, "this machine has no CUDA device.");
        Check(name, TestGpu.Cuda!);
    }
}
