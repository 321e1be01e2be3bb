namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void Slice(Storage x, Storage y, in SliceSpec s) =>
        CopyStrided(x, s.Start * s.Inner, y, 0, [new GpuAxis(s.Count * s.Inner, 1, 1), new GpuAxis(s.Outer, s.Length * s.Inner, s.Count * s.Inner)]);

    /// <inheritdoc/>
    public override void CopyInto(Storage x, Storage y, in SliceSpec s) =>
        CopyStrided(x, 0, y, s.Start * s.Inner, [new GpuAxis(s.Count * s.Inner, 1, 1), new GpuAxis(s.Outer, s.Count * s.Inner, s.Length * s.Inner)]);

    /// <inheritdoc/>
    public override void Pad(Storage x, Storage y, in SliceSpec s)
    {
        int length = s.Length * s.Inner, n = s.Outer * length, before = s.Start * s.Inner, run = s.Count * s.Inner;
        if (n == 0) return;
        if (length % 4 == 0 && before % 4 == 0 && run % 4 == 0)
            queue.Launch(new GpuPadKernel<GpuFloat4>(Float4s(x), Float4s(y), n / 4, length / 4, before / 4, run / 4), GpuGrid.Cover(n / 4, Threads));
        else queue.Launch(new GpuPadKernel<float>(Floats(x), Floats(y), n, length, before, run), GpuGrid.Cover(n, Threads));
    }
}
