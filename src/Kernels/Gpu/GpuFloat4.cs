using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Four neighbours: loaded and stored with one instruction of 16 bytes, kept in four registers (ILGPU takes structs apart). A register tile
/// is a struct of these.
/// </summary>
struct GpuFloat4(float x, float y, float z, float w)
{
    public float X = x, Y = y, Z = z, W = w;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 operator +(GpuFloat4 a, GpuFloat4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 operator -(GpuFloat4 a, GpuFloat4 b) => new(a.X - b.X, a.Y - b.Y, a.Z - b.Z, a.W - b.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 operator *(GpuFloat4 a, GpuFloat4 b) => new(a.X * b.X, a.Y * b.Y, a.Z * b.Z, a.W * b.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static GpuFloat4 operator *(float a, GpuFloat4 b) => new(a * b.X, a * b.Y, a * b.Z, a * b.W);

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
