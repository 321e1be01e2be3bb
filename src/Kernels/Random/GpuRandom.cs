using static Sagan.Native.Kernels.GpuViews;

namespace Sagan.Native.Kernels;

/// <summary>Launches RandomUniform and RandomNormal.</summary>
static class GpuRandom
{
    /// <inheritdoc cref="Backend.RandomUniform"/>
    public static void RandomUniform(GpuContext gpu, Storage y, int n, in PhiloxKey key) => Draw<UniformDraw>(gpu, y, n, key);

    /// <inheritdoc cref="Backend.RandomNormal"/>
    public static void RandomNormal(GpuContext gpu, Storage y, int n, in PhiloxKey key) => Draw<NormalDraw>(gpu, y, n, key);

    static void Draw<TDraw>(GpuContext gpu, Storage y, int n, in PhiloxKey key) where TDraw : struct, IDraw
    {
        key.CheckOffset();
        gpu.Launch(new GpuRandomKernel<TDraw>(Floats(y), n, key), GpuGrid.CoverVec4(n));
    }
}
