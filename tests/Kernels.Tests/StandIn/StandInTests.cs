using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.StandIn;

/// <summary>The stand-in finds what a device would punish, or would do silently.</summary>
public sealed class StandInTests
{
    static KernelException Fails<TKernel>(Func<ArrayView<float>, TKernel> kernel, int threads = 4) where TKernel : struct, IGpuKernel
    {
        using StandInQueue queue = new(prefersSmallTiles: false);
        (ArrayView<float> x, _) = queue.Allocate(16);
        return Assert.Throws<KernelException>(() => queue.Launch(kernel(x), new GpuGrid(2), threads));
    }

    [Fact]
    public void An_index_outside_of_a_view() => Assert.Contains("index 16 is outside", Fails(x => new OutsideKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_barrier_that_some_threads_do_not_reach() =>
        Assert.Contains("wait at a barrier", Fails(x => new DivergingKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_barrier_in_a_kernel_that_does_not_say_so() =>
        Assert.Contains("IGpuGroupKernel", Fails(x => new UndeclaredKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void More_shared_memory_than_a_group_has() => Assert.Contains("shared memory", Fails(x => new GreedyKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_barrier_shows_in_one_of_two_groups()
    {
        using StandInQueue queue = new(prefersSmallTiles: false);
        (ArrayView<float> x, _) = queue.Allocate(16);
        queue.Launch(new RacingKernel(x), new GpuGrid(2), 4);
        // Each thread adds 1 to what its neighbour left: with a barrier every thread of both groups would find the same.
        Assert.NotEqual(x.SubView(0, 4).Span.ToArray(), x.SubView(4, 4).Span.ToArray());
    }

    [Fact]
    public void Memory_that_was_given_back()
    {
        using StandInQueue queue = new(prefersSmallTiles: false);
        (ArrayView<float> x, IDisposable owner) = queue.Allocate(16);
        owner.Dispose();
        Assert.Throws<KernelException>(() => x[0]);
    }

    readonly struct OutsideKernel(ArrayView<float> x) : IGpuKernel
    {
        public void Run() => x[16] = 1;
    }

    readonly struct DivergingKernel(ArrayView<float> x) : IGpuGroupKernel
    {
        public void Run()
        {
            if (Group.IdxX > 0) Group.Barrier();
            x[0] = 1;
        }
    }

    readonly struct UndeclaredKernel(ArrayView<float> x) : IGpuKernel
    {
        public void Run()
        {
            Group.Barrier();
            x[0] = 1;
        }
    }

    readonly struct GreedyKernel(ArrayView<float> x) : IGpuGroupKernel
    {
        public void Run() => x[0] = SharedMemory.Allocate<float>(12289)[0];
    }

    readonly struct RacingKernel(ArrayView<float> x) : IGpuGroupKernel
    {
        public void Run()
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(4);
            int t = Group.IdxX;
            shared[t] = 1;
            x[4 * Grid.IdxX + t] = float.IsNaN(shared[(t + 1) & 3]) ? 0 : 1;
        }
    }
}
