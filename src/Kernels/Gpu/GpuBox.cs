using System.Numerics;
using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Division of n = 0 .. 2^31 - 1 by a number that the host knows, by one multiplication and a shift. With 2^(l-1) &lt; d &lt;= 2^l and m =
/// ceil(2^(31+l) / d), the excess of n m / 2^(31+l) over n / d is below 1 / d, so that the integer part is right. Source: Granlund and
/// Montgomery 1994.
/// </summary>
readonly struct GpuDivisor
{
    readonly uint multiplier;
    readonly int shift;

    public GpuDivisor(int d)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(d);
        shift = 31 + 32 - BitOperations.LeadingZeroCount((uint)d - 1);
        multiplier = (uint)(((1UL << shift) + (uint)d - 1) / (uint)d);
    }

    /// <summary>n / d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Quotient(int n) => (int)((ulong)(uint)n * multiplier >> shift);
}

/// <summary>
/// The indices of an element of [.., B, C] from its position: element (a, b, c) is number (a B + b) C + c. Pixels of images, taps of a
/// window and their channels.
/// </summary>
readonly struct GpuBox(int b, int c)
{
    readonly int plane = b * c, row = c;
    readonly GpuDivisor byPlane = new(Math.Max(1, b * c)), byRow = new(Math.Max(1, c));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuIndex3 Split(int n)
    {
        int i = byPlane.Quotient(n), rest = n - i * plane, j = byRow.Quotient(rest);
        return new GpuIndex3(i, j, rest - j * row);
    }
}

/// <summary>Three indices.</summary>
readonly struct GpuIndex3(int a, int b, int c)
{
    public readonly int A = a, B = b, C = c;
}
