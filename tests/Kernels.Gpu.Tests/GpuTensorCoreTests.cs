using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Products on tensor cores: what shows without running them.</summary>
[Quick]
public sealed class GpuTensorCoreTests
{
    // 128 bytes go through at once, each bank of 4 bytes once: 8 threads with 16 bytes each or 16 with 8.
    [Fact]
    public void Threads_that_go_to_shared_memory_together_go_to_different_banks()
    {
        foreach (int part in Enumerable.Range(0, 4))
        {
            int[] lanes = [.. Enumerable.Range(8 * part, 8)];
            AssertDistinct(lanes.Select(l => GpuTensorLeft<GpuTf32, AlongK>.Fragment(1, l)), 8);
            AssertDistinct(lanes.Select(l => GpuTensorRight<GpuTf32, AlongK>.Fragment(3, l)), 8);
        }
        // What a thread stores first; all else it stores lies at the same distance from there, or at the same exclusive or.
        CheckLeft<GpuTf32, AlongK>(8);
        CheckLeft<GpuTf32, Across>(8);
        CheckLeft<GpuBf16, AlongK>(16);
        CheckLeft<GpuBf16, Across>(16);
        CheckRight<GpuTf32, AlongK>(8);
        CheckRight<GpuTf32, Across>(16);
        CheckRight<GpuBf16, AlongK>(16);
        CheckRight<GpuBf16, Across>(16);

        static void CheckLeft<TPrecision, TLoader>(int together)
            where TPrecision : struct, IGpuTensorPrecision where TLoader : struct, IGpuLoader => Check(thread =>
        {
            GpuTensorLeft<TPrecision, TLoader> left = new(default);
            left.Seek(0, 0, thread);
            return left.Place;
        }, together);

        static void CheckRight<TPrecision, TLoader>(int together)
            where TPrecision : struct, IGpuTensorPrecision where TLoader : struct, IGpuLoader => Check(thread =>
        {
            GpuTensorRight<TPrecision, TLoader> right = new(default);
            right.Seek(0, 0, thread);
            return right.Place;
        }, together);

        static void Check(Func<int, int> place, int together)
        {
            for (int thread = 0; thread < GpuQueue.Threads; thread += together)
                AssertDistinct(Enumerable.Range(thread, together).Select(t => place(t) * together / 16), together);
        }

        static void AssertDistinct(IEnumerable<int> pieces, int modulus) =>
            Assert.Equal(modulus, pieces.Select(p => p % modulus).Distinct().Count());
    }

    readonly struct AlongK : IGpuLoader
    {
        static bool IGpuLoader.AlongK => true;

        public void Seek(int entry, int outer) { }

        public GpuFloat4 Load(int k) => default;
    }

    readonly struct Across : IGpuLoader
    {
        static bool IGpuLoader.AlongK => false;

        public void Seek(int entry, int outer) { }

        public GpuFloat4 Load(int k) => default;
    }

    [Theory]
    [InlineData(65536, 128, 1024, MatMulPrecision.Highest, GpuGemmTile.Tile128x128)]
    [InlineData(65536, 128, 1024, MatMulPrecision.High, GpuGemmTile.Tf32)]
    [InlineData(65536, 128, 1024, MatMulPrecision.Medium, GpuGemmTile.Bf16)]
    [InlineData(65536, 32, 1024, MatMulPrecision.Medium, GpuGemmTile.Tile128x32)]
    public void The_precision_chooses_tensor_cores_for_all_but_thin_results(int m, int n, int k, MatMulPrecision precision, object tile) =>
        Assert.Equal(tile, GpuGemmPlan.Choose(new GpuGemmSize(1, m, n, k), small: false, precision).Tile);

    [Fact]
    public void Precision_is_highest_unless_told_otherwise_and_stays_so_on_the_processor()
    {
        Assert.Equal(MatMulPrecision.Highest, TestGpu.Device.MatMulPrecision);
        Device.Cpu.MatMulPrecision = MatMulPrecision.High;
        Assert.Equal(MatMulPrecision.Highest, Device.Cpu.MatMulPrecision);
    }
}
