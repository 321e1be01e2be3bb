using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>The GPU's kernels as ILGPU compiles them, held to the contract on the devices of this machine.</summary>
public abstract class IlgpuConformanceTests
{
    private protected static bool IsAtMost(KernelCase c, int elements) => c.Operands.Sum(o => (long)o.Count) <= elements;

    protected static void Check(string name, Device gpu) => Contract.IsKept(KernelCases.Named(name), gpu);
}

/// <summary>
/// ILGPU's emulation, which every machine has; it has a thread of the system for each of the device's, so that large cases take long, and
/// those of top-k, whose blocks meet at a hundred barriers a row, very long.
/// <para>Where there is an OpenCL device, which runs the same cases in the same tiles and twice each, and of whose kernels the sanitizer
/// runs the same C#, what remains to be shown is that the emulation runs every kernel: one case for each.</para>
/// </summary>
public sealed class EmulatedConformanceTests : IlgpuConformanceTests
{
    static bool IsSmall(KernelCase c) => IsAtMost(c, c.Method == nameof(Backend.TopKMask) ? 500 : 20_000);

    public static TheoryData<string> Small
    {
        get
        {
            if (TestGpu.OpenCl == null) return KernelCases.Names(IsSmall, areQuick: false);
            HashSet<KernelCase> cases = [.. KernelListener.OneForEachKernel(KernelCases.All.Where(IsSmall))];
            return KernelCases.Names(cases.Contains);
        }
    }

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
