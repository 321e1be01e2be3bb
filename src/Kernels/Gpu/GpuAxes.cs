using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>One axis of a walk: its size, and how far apart neighbours along it are in the operands a and b.</summary>
readonly struct GpuAxis(int size, int a, int b)
{
    public readonly int Size = size, A = a, B = b;

    /// <summary>Splits the digit of this axis off the number of an element and adds what it means to the offsets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(ref uint rest, ref int a, ref int b)
    {
        uint quotient = rest / (uint)Size;
        int digit = (int)(rest - quotient * (uint)Size);
        a += digit * A;
        b += digit * B;
        rest = quotient;
    }
}

/// <summary>
/// From the number of an element, counted in row-major order, to its places in two operands: up to eight axes with strides, as a field of
/// kernels. Device code has no arrays, so the axes are fields and every step is written out; all threads have the same rank and take the
/// same branches. The outermost digit is what is left and needs no division: two axes cost one.
/// </summary>
readonly struct GpuAxes
{
    readonly int rank;
    readonly GpuAxis a0, a1, a2, a3, a4, a5, a6, outermost;

    /// <summary>At least one axis, innermost first.</summary>
    public GpuAxes(ReadOnlySpan<GpuAxis> axes)
    {
        rank = axes.Length;
        outermost = axes[^1];
        a0 = axes[0];
        a1 = Axis(axes, 1);
        a2 = Axis(axes, 2);
        a3 = Axis(axes, 3);
        a4 = Axis(axes, 4);
        a5 = Axis(axes, 5);
        a6 = Axis(axes, 6);
    }

    // Divided by as 1. As 0 they ended a test process with a divide trap on an OpenCL processor: its code divides on both sides of the
    // branches in Offsets.
    static GpuAxis Axis(ReadOnlySpan<GpuAxis> axes, int i) => i < axes.Length ? axes[i] : new GpuAxis(1, 0, 0);

    /// <summary>Where element i is in a and in b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offsets(int i, out int a, out int b)
    {
        uint rest = (uint)i;
        int ia = 0, ib = 0;
        if (rank > 1) a0.Take(ref rest, ref ia, ref ib);
        if (rank > 2) a1.Take(ref rest, ref ia, ref ib);
        if (rank > 3) a2.Take(ref rest, ref ia, ref ib);
        if (rank > 4) a3.Take(ref rest, ref ia, ref ib);
        if (rank > 5) a4.Take(ref rest, ref ia, ref ib);
        if (rank > 6) a5.Take(ref rest, ref ia, ref ib);
        if (rank > 7) a6.Take(ref rest, ref ia, ref ib);
        a = ia + (int)rest * outermost.A;
        b = ib + (int)rest * outermost.B;
    }
}
