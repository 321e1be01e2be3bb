using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Four neighbours: loaded and stored with one instruction of 16 bytes, kept in four registers (ILGPU takes structs apart). A register tile is a struct of
/// these.
/// </summary>
struct GpuFloat4(float x, float y, float z, float w)
{
    public float X = x, Y = y, Z = z, W = w;

    /// <summary>this += a b, component by component of b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float a, GpuFloat4 b)
    {
        X += a * b.X;
        Y += a * b.Y;
        Z += a * b.Z;
        W += a * b.W;
    }
}
