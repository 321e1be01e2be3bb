using ILGPU;

namespace Sagan.Native.Kernels;

/// <summary>
/// Kernels in C# that ILGPU compiles to CUDA or OpenCL. Each lies in the folder of its name, beside its CPU twin: Gpu*Kernels.cs is what runs on the device,
/// GpuBackend.*.cs launches it. Everything is enqueued on one stream and nothing waits.
/// </summary>
public sealed partial class GpuBackend : Backend
{
    const int Threads = GpuQueue.Threads;

    readonly GpuQueue queue;
    readonly GpuPool pool;

    internal GpuBackend(GpuQueue queue, GpuPool pool) => (this.queue, this.pool) = (queue, pool);

    internal GpuQueue Queue => queue;

    static ArrayView<float> Floats(Storage s) => ((GpuStorage)s).View;

    static ArrayView<int> Ints(Storage s) => ((GpuStorage)s).View.Cast<int>();

    static ArrayView<GpuFloat4> Float4s(Storage s) => ((GpuStorage)s).View.Cast<GpuFloat4>();

    static int CeilDiv(int a, int b) => (int)(((long)a + b - 1) / b);

    // Memory for intermediate results: it may be released as soon as the last kernel that uses it was launched, because launches are in order.
    GpuStorage Temporary(long count) => (GpuStorage)pool.Rent(checked((int)count));
}
