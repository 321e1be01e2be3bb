using ILGPU;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Sanitizer;

/// <summary>The sanitizer finds what a device would punish, or would do silently.</summary>
public sealed class SanitizerTests
{
    static KernelException Fails<TKernel>(Func<ArrayView<float>, TKernel> kernel, int threads = 4) where TKernel : struct, IGpuKernel
    {
        using SanitizerQueue queue = new(prefersSmallTiles: false);
        (ArrayView<float> x, _) = queue.Allocate(16);
        return Assert.Throws<KernelException>(() => queue.Launch(kernel(x), new GpuGrid(2), threads));
    }

    [Fact]
    public void An_index_outside_of_a_view() =>
        Assert.Contains("index 16 is outside", Fails(x => new OutsideKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_barrier_that_some_threads_do_not_reach() =>
        Assert.Contains("wait at a barrier", Fails(x => new DivergingKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_barrier_in_a_kernel_that_does_not_say_so() =>
        Assert.Contains("IGpuBlockKernel", Fails(x => new UndeclaredKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void More_shared_memory_than_a_group_has() =>
        Assert.Contains("shared memory", Fails(x => new GreedyKernel(x)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_missing_barrier_shows_in_one_of_two_groups()
    {
        using SanitizerQueue queue = new(prefersSmallTiles: false);
        (ArrayView<float> x, _) = queue.Allocate(16);
        queue.Launch(new RacingKernel(x), new GpuGrid(2), 4);
        // Each thread writes 1 and asks whether its neighbour has: with a barrier every thread of both groups would find the same.
        Assert.NotEqual(x.SubView(0, 4).Span.ToArray(), x.SubView(4, 4).Span.ToArray());
    }

    [Fact]
    public void Sums_of_tensor_cores_before_the_warp_has_multiplied() =>
        Assert.Contains("before all lanes", Fails(x => new TensorKernel(x, 1, waits: false), 32).Message, StringComparison.Ordinal);

    [Fact]
    public void A_factor_that_is_not_rounded_to_tf32() =>
        Assert.Contains("is not rounded to TF32", Fails(x => new TensorKernel(x, 1.0001f, waits: true), 32).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Memory_that_was_given_back()
    {
        using SanitizerQueue queue = new(prefersSmallTiles: false);
        (ArrayView<float> x, IDisposable owner) = queue.Allocate(16);
        owner.Dispose();
        Assert.Throws<KernelException>(() => x[0]);
    }

    readonly struct OutsideKernel(ArrayView<float> x) : IGpuKernel
    {
        public void Run() => x[16] = 1;
    }

    readonly struct DivergingKernel(ArrayView<float> x) : IGpuBlockKernel
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

    readonly struct GreedyKernel(ArrayView<float> x) : IGpuBlockKernel
    {
        public void Run() => x[0] = SharedMemory.Allocate<float>(12289)[0];
    }

    readonly struct TensorKernel(ArrayView<float> x, float factor, bool waits) : IGpuBlockKernel
    {
        public void Run()
        {
            ArrayView<float> shared = SharedMemory.Allocate<float>(512);
            GpuFloat4 one = new(1, 1, 1, 1);
            GpuTensorCores.Clear();
            GpuTensorCores.Right(one, one, one, one);
            GpuTensorCores.MultiplyTf32(new GpuFloat4(factor, 1, 1, 1), one);
            if (waits) Group.Barrier();
            GpuTensorCores.Sums(shared, Group.IdxX, 32);
            x[0] = shared[0];
        }
    }

    readonly struct RacingKernel(ArrayView<float> x) : IGpuBlockKernel
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
