using BenchmarkDotNet.Running;
using Sagan.Native.Benchmarks;

// dotnet run -c Release --project benchmarks/Benchmarks -- --filter '*'
BenchmarkSwitcher.FromAssembly(typeof(KernelBenchmarks).Assembly).Run(args);
