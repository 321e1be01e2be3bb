using Sagan.Native.Kernels;
using Sagan.Native.Ladder;

namespace Sagan.Native.Tests;

/// <summary>Each rung of each ladder on a GPU, at sizes that fill no tile.</summary>
public sealed class GpuLadderTests
{
    public static TheoryData<string> Names => [.. Ladders.Names];

    [Theory, MemberData(nameof(Names))]
    public void Every_rung_computes_what_the_reference_does(string name) =>
        Assert.All(SmallLadders.On(TestGpu.Device).Where(l => l.Name == name), SmallLadders.Check);
}
