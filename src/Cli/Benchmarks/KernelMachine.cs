using System.Globalization;
using Sagan.Native.Data;
using Sagan.Native.Kernels;

namespace Sagan.Native.Benchmarks;

/// <summary>What kernels were timed on. Only timings on the same can be compared.</summary>
/// <param name="Processor">What it calls itself.</param>
/// <param name="Threads">Of the host, where kernels run on it.</param>
/// <param name="Precision">Of products, where it is not the highest.</param>
/// <param name="Convolution">How the host does them, where it is not as is fastest.</param>
sealed record KernelMachine(string Device, string Processor, int? Threads, int Batch, string? Precision = null, string? Convolution = null)
{
    public static KernelMachine Of(Device device, int batch) => device.Backend.Profiling is { } gpu
        ? new(device.Name, gpu.Processor, null, batch,
            device.MatMulPrecision == MatMulPrecision.Highest ? null : Words.Of(device.MatMulPrecision))
        : new(device.Name, HostProcessor.Current.Name, WorkerPool.Threads, batch,
            Convolution: device.Backend is IConvolutionAlgorithms { Convolution: not ConvolutionAlgorithm.Auto and var way } ? Words.Of(way)
                : null);

    /// <summary>For example <c>cpu, Intel Xeon, 2 threads</c>.</summary>
    public string Where
    {
        get
        {
            string threads = Threads switch
            {
                null => "",
                1 => ", 1 thread",
                { } t => string.Create(CultureInfo.InvariantCulture, $", {t} threads"),
            };
            return $"{Device}, {Processor}{threads}";
        }
    }

    /// <summary>For example <c>cpu, Intel Xeon, 2 threads, batch 16</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Where}, batch {Batch}{(Precision == null ? "" : $", matmul precision {Precision}")}"
        + $"{(Convolution == null ? "" : $", convolution {Convolution}")}");
}
