using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>The CPU's kernels, held to the contract of Backend.cs over the whole table.</summary>
public sealed class CpuConformanceTests
{
    public static TheoryData<string> All => KernelCases.Names();

    [Theory, MemberData(nameof(All))]
    public void Keeps_the_contract(string name)
    {
        KernelCase c = KernelCases.Named(name);
        Contract.IsKept(c, Device.Cpu);
        Contract.GivesTheSameBitsForAnyThreadCount(c, Device.Cpu);
        Contract.ReadsNoScratchThatItHasNotWritten(c, Device.Cpu);
    }

    [Fact]
    public void Gather_names_an_index_that_is_out_of_range() => Contract.GatherNamesAnIndexThatIsOutOfRange(Device.Cpu);
}

/// <summary>
/// The reference backend is held to the rest of the contract as well; that it agrees with itself says nothing, its own tests are elsewhere.
/// </summary>
public sealed class ReferenceContractTests
{
    public static TheoryData<string> Primitives =>
        KernelCases.Names(c => c.Capability == null && c.Operands.Sum(o => (long)o.Count) < 20_000);

    [Theory]
    [MemberData(nameof(Primitives))]
    public void Keeps_the_contract(string name) => Contract.IsKept(KernelCases.Named(name), Device.Reference);
}
