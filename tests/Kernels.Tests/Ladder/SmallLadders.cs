using Sagan.Native.Kernels;
using Sagan.Native.Ladder;
using Sagan.Native.Measuring;

namespace Sagan.Native.Tests;

/// <summary>Ladders at small and odd sizes, for tests.</summary>
static class SmallLadders
{
    static readonly (int M, int N, int K)[] Products =
        [(1, 1, 1), (17, 15, 33), (63, 65, 20), (65, 64, 7), (129, 63, 9), (8, 300, 70)];

    public static IEnumerable<KernelLadder> On(Device device) =>
    [
        .. Products.Select(s => Ladders.MatMul(device, s.M, s.N, s.K)),
        Ladders.Conv2d(device, new Conv2dSpec(2, 6, 5, 3, 5, 3, 3, 1, 1, 6, 5)),
        Ladders.Conv2d(device, new Conv2dSpec(1, 9, 8, 17, 21, 4, 4, 2, 1, 4, 4)),
        Ladders.Conv2d(device, new Conv2dSpec(3, 4, 4, 8, 1, 4, 4, 1, 0, 1, 1)),
        Ladders.Softmax(device, 3, 1),
        Ladders.Softmax(device, 5, 67),
        Ladders.Softmax(device, 2, 700),
        Ladders.Attention(device, new AttentionSpec(1, 1, 1, 1, 1, 1)),
        Ladders.Attention(device, new AttentionSpec(2, 37, 37, 3, 5, 1)),
        Ladders.Attention(device, new AttentionSpec(1, 300, 300, 8, 18, 1)),
        Ladders.PowerIteration(device, 1, 1),
        Ladders.PowerIteration(device, 7, 33),
        Ladders.PowerIteration(device, 67, 130),
    ];

    /// <summary>Every rung against the reference device.</summary>
    public static void Check(KernelLadder ladder) => Assert.All(LadderRun.Errors(ladder), e => Assert.InRange(e, 0, ladder.Tolerance));
}
