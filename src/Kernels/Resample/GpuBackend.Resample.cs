namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void Upsample2x(Storage x, Storage y, in ImageSpec s)
    {
        int n = s.N * s.H * s.W * s.C;
        if (n == 0) return;
        if (s.C % 4 == 0) queue.Launch(new GpuUpsampleKernel<GpuFloat4>(Float4s(x), Float4s(y), n / 4, s.W, s.C / 4), GpuGrid.Cover(n / 4, Threads));
        else queue.Launch(new GpuUpsampleKernel<float>(Floats(x), Floats(y), n, s.W, s.C), GpuGrid.Cover(n, Threads));
    }

    /// <inheritdoc/>
    public override void SumPool2x2(Storage x, Storage y, in ImageSpec s)
    {
        int n = s.N * s.H * s.W * s.C;
        if (n == 0) return;
        if (s.C % 4 == 0) queue.Launch(new GpuSumPoolKernel<GpuSum4, GpuFloat4>(Float4s(x), Float4s(y), n / 4, s.W, s.C / 4), GpuGrid.Cover(n / 4, Threads));
        else queue.Launch(new GpuSumPoolKernel<GpuSum, float>(Floats(x), Floats(y), n, s.W, s.C), GpuGrid.Cover(n, Threads));
    }
}
