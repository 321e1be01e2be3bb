using Sagan.Native.Kernels;
using Sagan.Native.Tests.StandIn;

namespace Sagan.Native.Tests.Conformance;

/// <summary>The GPU's kernels, on the stand-in for a device, held to the contract with the tiles of large GPUs.</summary>
public sealed class GpuConformanceTests() : ConformanceTests(Gpu)
{
    static readonly Device Gpu = StandInQueue.Device(prefersSmallTiles: false);

    [SkippableTheory]
    [MemberData(nameof(All))]
    public void Gives_the_same_bits_again(string name) => Contract.GivesTheSameBitsAgain(Case(name), Gpu);
}

/// <summary>The same with the tiles of devices with few registers.</summary>
public sealed class GpuSmallTilesConformanceTests
{
    static readonly Device Gpu = StandInQueue.Device(prefersSmallTiles: true);

    public static TheoryData<string> Products => KernelCases.Names(c =>
        c.Method.Contains("MatMul", StringComparison.Ordinal) || c.Method.Contains("Conv", StringComparison.Ordinal));

    [SkippableTheory]
    [MemberData(nameof(Products))]
    public void Agrees_with_the_definition(string name)
    {
        KernelCase c = KernelCases.Named(name);
        Skip.IfNot(Contract.Offers(Gpu, c), $"{Gpu} has no {c.Capability?.Name}.");
        Contract.AgreesWithDefinition(c, Gpu);
    }
}
