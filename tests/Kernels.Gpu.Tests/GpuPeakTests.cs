using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>The kernels that find out what a GPU can do at best, and its clock.</summary>
public sealed class GpuPeakTests
{
    static readonly Device Gpu = TestGpu.Device;

    static GpuBackend Backend => (GpuBackend)Gpu.Backend;

    static IProfiling Profiling => Backend.Profiling;

    [Fact]
    public void Chains_are_multiplied_and_added_as_often_as_they_say()
    {
        const int Steps = 2, Links = 8 * Steps;
        float[] y = Run(GpuQueue.Threads, s => Backend.Context.Launch(new GpuPeakMultiplyAddKernel(s.View, 0.5f, 3, Steps),
            new GpuGrid(1)));
        for (int t = 0; t < y.Length; t++)
        {
            double sum = 0;
            for (int chain = 0; chain < 16; chain++)
            {
                double v = (t & 15) + chain;
                for (int i = 0; i < Links; i++) v = v * 0.5 + 3;
                sum += v;
            }
            Assert.Equal(sum, y[t], 1e-4);
        }
        Assert.Equal(2 * 16 * 8, GpuPeakMultiplyAddKernel.Flops);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1028)]
    public void A_triad_is_a_sum(int n)
    {
        GpuStorage a = (GpuStorage)Gpu.Pool.Rent(n), b = (GpuStorage)Gpu.Pool.Rent(n);
        a.CopyFrom([.. Enumerable.Range(0, n).Select(i => (float)i)]);
        b.CopyFrom([.. Enumerable.Range(0, n).Select(i => (float)(i % 7))]);
        float[] y = Run(n, s =>
        {
            GpuPeakTriadKernel triad = new(a.View.Cast<GpuFloat4>(), b.View.Cast<GpuFloat4>(), s.View.Cast<GpuFloat4>(), 2, n / 4);
            Backend.Context.Launch(triad, GpuGrid.Cover(n / 4, GpuQueue.Threads));
        });
        Assert.Equal(Enumerable.Range(0, n).Select(i => i + 2f * (i % 7)), y);
        a.Release();
        b.Release();
    }

    [Fact]
    public void Peaks_are_measured_and_leave_no_memory_behind()
    {
        int live = Gpu.Pool.LiveCount;
        Assert.InRange(Profiling.PeakGflops(), 1e-6, 1e6);
        Assert.InRange(Profiling.PeakGigabytes(), 1e-6, 1e5);
        Assert.Equal(live, Gpu.Pool.LiveCount);
    }

    [Fact]
    public void The_clock_measures_what_it_is_given()
    {
        Assert.NotEmpty(Profiling.Processor);
        Storage y = Gpu.Pool.Rent(1 << 16);
        Profiling.Time(() => Backend.Fill(y, 1 << 16, 1));
        // Other work on the machine makes any of these longer, and none shorter: the least of many is what a launch takes.
        double one = Enumerable.Range(0, 20).Min(_ => Profiling.Time(() => Backend.Fill(y, 1 << 16, 1)));
        double many = Profiling.Time(() =>
        {
            for (int i = 0; i < 500; i++) Backend.Fill(y, 1 << 16, 1);
        });
        Assert.True(one > 0 && many > 2 * one, $"once {one} s, five hundred times {many} s");
        y.Release();
    }

    [Fact]
    public void Launches_are_counted()
    {
        Assert.Null(Device.Cpu.LaunchCount);
        Storage y = Gpu.Pool.Rent(8);
        long before = Gpu.LaunchCount!.Value;
        Backend.Fill(y, 8, 1);
        Assert.Equal(before + 1, Gpu.LaunchCount);
        y.Release();
    }

    static float[] Run(int n, Action<GpuStorage> launch)
    {
        GpuStorage y = (GpuStorage)Gpu.Pool.Rent(n);
        launch(y);
        float[] result = new float[n];
        y.CopyTo(result);
        y.Release();
        return result;
    }
}
