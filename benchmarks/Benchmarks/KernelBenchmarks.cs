using BenchmarkDotNet.Attributes;
using Sagan.Native.Kernels;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// The kernels at SAGAN's shapes under BenchmarkDotNet, which takes care of warm-up, outliers and statistics. `sagan bench kernels` is the
/// quick look at the same table, with percentages of the machine's peak.
/// In this process: the project that BenchmarkDotNet would generate takes this repository's warnings for errors.
/// </summary>
[InProcess]
public class KernelBenchmarks
{
    const int Batch = 16;
    Action run = () => { };

    /// <summary>Kernel and shape.</summary>
    [ParamsSource(nameof(Names))]
    public string Case { get; set; } = "";

    public static IEnumerable<string> Names => KernelCases.All(Device.Cpu, Batch).Select(c => c.Name);

    [GlobalSetup]
    public void Setup()
    {
        KernelCase c = KernelCases.All(Device.Cpu, Batch).Single(c => c.Name == Case);
        c.Before?.Invoke();
        run = c.Run;
    }

    [Benchmark]
    public void Kernel() => run();
}
