using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>The contract of Backend.cs on one device, over the whole table.</summary>
public abstract class ConformanceTests(Device device)
{
    public static TheoryData<string> All => KernelCases.Names();

    public static TheoryData<string> InPlace => KernelCases.Names(c => c.Aliases.Length > 0);

    [Theory]
    [MemberData(nameof(All))]
    public void Agrees_with_the_definition(string name) => Contract.AgreesWithDefinition(Case(name), device);

    [Theory]
    [MemberData(nameof(All))]
    public void Overwrites_its_outputs(string name) => Contract.OverwritesItsOutputs(Case(name), device);

    [Theory]
    [MemberData(nameof(All))]
    public void Leaves_its_inputs_alone(string name) => Contract.LeavesItsInputsAlone(Case(name), device);

    [Theory]
    [MemberData(nameof(InPlace))]
    public void Works_in_place(string name) => Contract.WorksInPlace(Case(name), device);

    [Fact]
    public void Gather_names_an_index_that_is_out_of_range() => Contract.GatherNamesAnIndexThatIsOutOfRange(device);

    protected KernelCase Case(string name)
    {
        KernelCase c = KernelCases.Named(name);
        Assert.SkipUnless(Contract.Offers(device, c), $"{device} has no {c.Capability?.Name}: it falls back to a composition.");
        return c;
    }
}

public sealed class CpuConformanceTests() : ConformanceTests(Device.Cpu)
{
    [Theory]
    [MemberData(nameof(All))]
    public void Gives_the_same_bits_for_any_thread_count(string name) => Contract.GivesTheSameBitsForAnyThreadCount(Case(name), Device.Cpu);

    [Theory]
    [MemberData(nameof(All))]
    public void Reads_no_scratch_that_it_has_not_written(string name) => Contract.ReadsNoScratchThatItHasNotWritten(Case(name), Device.Cpu);
}

/// <summary>The reference backend is held to the rest of the contract as well; that it agrees with itself says nothing, its own tests are elsewhere.</summary>
public sealed class ReferenceContractTests
{
    public static TheoryData<string> Primitives => KernelCases.Names(c => c.Capability == null && c.Operands.Sum(o => (long)o.Count) < 20_000);

    [Theory]
    [MemberData(nameof(Primitives))]
    public void Keeps_the_contract(string name)
    {
        KernelCase c = KernelCases.Named(name);
        Contract.OverwritesItsOutputs(c, Device.Reference);
        Contract.LeavesItsInputsAlone(c, Device.Reference);
        Contract.WorksInPlace(c, Device.Reference);
    }
}
