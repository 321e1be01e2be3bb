namespace Sagan.Native.Kernels;

public sealed partial class GpuBackend
{
    /// <inheritdoc/>
    public override void RandomUniform(Storage y, int n, in PhiloxKey key) => Draw<UniformDraw>(y, n, key);

    /// <inheritdoc/>
    public override void RandomNormal(Storage y, int n, in PhiloxKey key) => Draw<NormalDraw>(y, n, key);

    void Draw<TDraw>(Storage y, int n, in PhiloxKey key) where TDraw : struct, IDraw
    {
        CpuBackend.CheckOffset(key);
        queue.Launch(new GpuRandomKernel<TDraw>(Floats(y), n, key), Fours(n));
    }
}
