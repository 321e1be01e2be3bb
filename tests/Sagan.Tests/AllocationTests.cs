using Sagan.Native.Data;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>
/// A training step leaves little to the garbage collector: handles and tape nodes of the forward pass, whose number depends on the layers,
/// not on sizes.
/// </summary>
[Quick]
public class AllocationTests
{
    const long Most = 64 * 1024;

    // The layers of the presets, with as few channels as attention takes: what is allocated does not depend on them.
    static readonly ModelConfig Sagan64 = new() { Size = 64, ConvDim = 8, ZDim = 16, GAttention = [16, 32], DAttention = [4, 8] };
    static readonly ModelConfig Demo = new() { Size = 32, ConvDim = 8, ZDim = 16, GAttention = [8, 16], DAttention = [4, 8] };

    [Theory]
    [InlineData(64, LossKind.Hinge)]
    [InlineData(64, LossKind.WganGp)]
    [InlineData(32, LossKind.Hinge)]
    [InlineData(32, LossKind.WganGp)]
    public void A_training_step_allocates_at_most_64_KB(int size, LossKind loss)
    {
        RunConfig config = new()
        {
            Model = size == 64 ? Sagan64 : Demo,
            Loss = new() { Kind = loss },
            Training = new() { Batch = 2, EmaDecay = 0.9 },
            Data = new() { CreatureCount = 4, Flip = true },
        };
        using ImageDataset data = Dataset.Open(Dataset.Creatures, new DatasetOptions { Size = size, CreatureCount = 4 });
        using Trainer trainer = new(new TrainingState(config), data);
        // The first steps fill pools and tables. Of the others the least counts: a table that grows, or the runtime's own work, is not what
        // a step costs.
        long least = long.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            trainer.Next();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (i >= 3) least = Math.Min(least, allocated);
        }
        Assert.InRange(least, 1, Most);
    }
}
