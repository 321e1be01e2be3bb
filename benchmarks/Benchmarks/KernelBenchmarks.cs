using BenchmarkDotNet.Attributes;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// The kernels at SAGAN's shapes under BenchmarkDotNet, which takes care of warm-up, outliers and statistics. `sagan bench kernels` is the quick look at the
/// same table, with percentages of the machine's peak.
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

    public static IEnumerable<string> Names => KernelCases.All(Batch).Select(Name);

    [GlobalSetup]
    public void Setup() => run = KernelCases.All(Batch).Single(c => Name(c) == Case).Run;

    [Benchmark]
    public void Kernel() => run();

    static string Name(KernelCase c) => $"{c.Kernel} {c.Shape}";
}
