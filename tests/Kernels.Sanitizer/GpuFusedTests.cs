using Sagan.Native.Kernels;
using Sagan.Native.Tests.Sanitizer;

namespace Sagan.Native.Tests.Conformance;

/// <summary>What the fused GPU kernels promise beside their results, and paths that the common cases are too small for.</summary>
public sealed class GpuFusedTests
{
    static readonly AdamSpec Step = new(1e-3f, 0.5f, 0.9f, 1e-8f, 3, AdamForm.Torch);

    [Fact]
    public void Adam_takes_one_launch_and_uploads_its_tables_once()
    {
        Device device = SanitizerQueue.Device(prefersSmallTiles: false);
        AdamSlot[] group = Group(device);
        GpuBackend backend = (GpuBackend)device.Backend;
        backend.Adam(group, Step);
        (long launches, int live) = (backend.Context.Queue.LaunchCount, device.Pool.LiveCount);
        backend.Adam(group, Step);
        Assert.Equal(1, launches);
        Assert.Equal(2, backend.Context.Queue.LaunchCount);
        Assert.Equal(live, device.Pool.LiveCount);
    }

    // With too little memory for a large block every storage is a block of its own.
    [Fact]
    public void Adam_works_where_storages_lie_in_different_blocks()
    {
        Device device = SanitizerQueue.Device(prefersSmallTiles: false, memoryBytes: 1 << 20);
        AdamSlot[] group = Group(device);
        GpuBackend backend = (GpuBackend)device.Backend;
        backend.Adam(group, Step);
        Assert.Equal(group.Length, backend.Context.Queue.LaunchCount);
        Contract.AgreesWithDefinition(KernelCases.All.First(c => c.Method == nameof(IFusedAdam.Adam) && c.Operands.Length == 12), device);
    }

    static AdamSlot[] Group(Device device)
    {
        return [.. ((int[])[5, 1024, 2051]).Select(n => new AdamSlot(New(n), New(n), New(n), New(n), n))];

        Storage New(int n)
        {
            Storage s = device.Pool.Rent(n);
            s.CopyFrom([.. Enumerable.Repeat(0.5f, n)]);
            return s;
        }
    }

    [Fact]
    public void Attention_backward_adds_the_tiles_of_a_chunk()
    {
        SanitizerQueue queue = new(prefersSmallTiles: false);
        GpuPool pool = new(queue);
        GpuBackend backend = new(queue, pool);
        backend.Context.AttentionBlocks = 1;
        Device device = new("sanitizer", pool, backend);
        foreach (KernelCase c in KernelCases.All.Where(c => c.Method == nameof(IFusedAttention.AttentionBackward) &&
            (c.Sizes.StartsWith("2 x 65 x 65 ", StringComparison.Ordinal) ||
                c.Sizes.StartsWith("1 x 97 x 128 ", StringComparison.Ordinal))))
            Contract.AgreesWithDefinition(c, device);
    }

    // Squares of 1e-25 are below the smallest float.
    [Fact]
    public void A_tiny_matrix_keeps_its_norm()
    {
        float[] w = KernelTesting.Normal(40 * 30, 5), tiny = [.. w.Select(a => a * 1e-25f)];
        Assert.Equal(Sigma(w), Sigma(tiny) * 1e25, 1e-4);

        static float Sigma(float[] w)
        {
            Device device = SanitizerQueue.Device(prefersSmallTiles: false);
            Storage[] t = [.. ((float[][])[w, KernelTesting.Normal(40, 1), KernelTesting.Normal(30, 2), [0]]).Select(a =>
                Store(device, a))];
            PowerIterationSpec s = new(40, 30, false, 2, 0, NormEpsilon.Max);
            ((IFusedSpectralNorm)device.Backend).PowerIteration(t[0], t[1], t[2], t[1], t[2], t[3], s);
            return Load(t[3])[0];
        }
    }

    [Fact]
    public void Batch_norm_of_a_mean_of_a_million_deviations_has_the_variance_of_the_processor()
    {
        const int rows = 700, channels = 6;
        BatchNormSpec s = new(rows, channels, 1e-5f, Activation.None);
        float[] x = KernelTesting.Normal(rows * channels, 3, 1, 1e6);
        float[] expected = Variance(Device.Cpu), actual = Variance(SanitizerQueue.Device(prefersSmallTiles: false));
        for (int c = 0; c < channels; c++) Assert.Equal(expected[c], actual[c], 3e-6 * expected[c]);

        float[] Variance(Device device)
        {
            float[] ones = [.. Enumerable.Repeat(1f, channels)], none = new float[channels];
            Storage[] t = [.. ((float[][])[x, ones, none, new float[x.Length], none, none]).Select(a => Store(device, a))];
            ((IFusedBatchNorm)device.Backend).BatchNorm(t[0], t[1], t[2], t[3], t[4], t[5], s);
            return Load(t[5]);
        }
    }

    static Storage Store(Device device, float[] values)
    {
        Storage s = device.Pool.Rent(values.Length);
        s.CopyFrom(values);
        return s;
    }

    static float[] Load(Storage s)
    {
        float[] values = new float[s.Count];
        s.CopyTo(values);
        return values;
    }
}
