using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Sagan.Native.Images;

/// <summary>
/// The inverse 8x8 cosine transform of JPEG in 32-bit integers, columns then rows, each by the 11-multiplication factorisation of Loeffler, Ligtenberg and
/// Moschytz (1989) in its variant with 12 multiplications. Constants have 13 fractional bits, the columns keep 2 extra bits: the precision of libjpeg's
/// "islow", whose results these are.
/// </summary>
static class JpegTransform
{
    const int Bits = 13, Extra = 2;

    // round(c 2^13) of the sums of cosines of the factorisation.
    const int C0298 = 2446, C0390 = 3196, C0541 = 4433, C0765 = 6270, C0899 = 7373, C1175 = 9633;
    const int C1501 = 12299, C1847 = 15137, C1961 = 16069, C2053 = 16819, C2562 = 20995, C3072 = 25172;

    /// <summary>From 64 dequantised coefficients in natural order, which are overwritten, to 8 rows of 8 samples, 128 added, clamped to bytes.</summary>
    [SkipLocalsInit]
    public static void Inverse(Span<int> block, Span<byte> to, int stride)
    {
        block = block[..64];
        if (Avx2.IsSupported)
        {
            InverseAvx2(block, to, stride);
            return;
        }
        for (int x = 0; x < 8; x++)
        {
            Span<int> c = block[x..];
            if ((c[8] | c[16] | c[24] | c[32] | c[40] | c[48] | c[56]) == 0)
            {
                int flat = c[0] << Extra;
                (c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56]) = (flat, flat, flat, flat, flat, flat, flat, flat);
                continue;
            }
            Eight(ref c[0], ref c[8], ref c[16], ref c[24], ref c[32], ref c[40], ref c[48], ref c[56], Bits - Extra, 0);
        }
        for (int y = 0; y < 8; y++)
        {
            Span<int> r = block.Slice(8 * y, 8);
            Span<byte> row = to.Slice(y * stride, 8);
            // The level shift of 128 goes in with the rounding, 3 more bits are the transform's scale of 1/8.
            Eight(ref r[0], ref r[1], ref r[2], ref r[3], ref r[4], ref r[5], ref r[6], ref r[7], Bits + Extra + 3, 128);
            for (int x = 0; x < 8; x++)
            {
                row[x] = (byte)Math.Clamp(r[x], 0, 255);
            }
        }
    }

    // All eight columns at once, then, turned, all eight rows: the same integers, 0.04 us a block instead of 0.14.
    [SkipLocalsInit]
    static void InverseAvx2(Span<int> block, Span<byte> to, int stride)
    {
        Span<Vector256<int>> v = MemoryMarshal.Cast<int, Vector256<int>>(block)[..8];
        Eight(v, Bits - Extra, 0);
        Turn(v);
        Eight(v, Bits + Extra + 3, 128);
        Turn(v);
        for (int y = 0; y < 8; y += 2)
        {
            // Saturating to 16 bits and then to bytes is clamping. Packing goes by halves of 128 bits: first halves of two rows, then second halves.
            Vector256<short> rows = Avx2.PackSignedSaturate(v[y], v[y + 1]);
            Vector128<byte> bytes = Sse2.PackUnsignedSaturate(rows.GetLower(), rows.GetUpper());
            Vector128<int> ordered = Vector128.Shuffle(bytes.AsInt32(), Vector128.Create(0, 2, 1, 3));
            MemoryMarshal.Write(to.Slice(y * stride, 8), ordered.AsInt64()[0]);
            MemoryMarshal.Write(to.Slice((y + 1) * stride, 8), ordered.AsInt64()[1]);
        }
    }

    // Rows become columns: by pairs of integers, pairs of pairs, and halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn(Span<Vector256<int>> v)
    {
        for (int half = 0; half < 8; half += 4)
        {
            (Vector256<int> a, Vector256<int> b) = (Avx2.UnpackLow(v[half], v[half + 1]), Avx2.UnpackHigh(v[half], v[half + 1]));
            (Vector256<int> c, Vector256<int> d) = (Avx2.UnpackLow(v[half + 2], v[half + 3]), Avx2.UnpackHigh(v[half + 2], v[half + 3]));
            v[half] = Avx2.UnpackLow(a.AsInt64(), c.AsInt64()).AsInt32();
            v[half + 1] = Avx2.UnpackHigh(a.AsInt64(), c.AsInt64()).AsInt32();
            v[half + 2] = Avx2.UnpackLow(b.AsInt64(), d.AsInt64()).AsInt32();
            v[half + 3] = Avx2.UnpackHigh(b.AsInt64(), d.AsInt64()).AsInt32();
        }
        for (int i = 0; i < 4; i++)
            (v[i], v[i + 4]) = (Avx2.Permute2x128(v[i], v[i + 4], 0x20), Avx2.Permute2x128(v[i], v[i + 4], 0x31));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Eight(Span<Vector256<int>> s, int shift, int add)
    {
        Vector256<int> s0 = s[0], s1 = s[1], s2 = s[2], s3 = s[3], s4 = s[4], s5 = s[5], s6 = s[6], s7 = s[7];
        Vector256<int> turn = (s2 + s6) * C0541;
        Vector256<int> e2 = turn - s6 * C1847, e3 = turn + s2 * C0765;
        Vector256<int> half = Vector256.Create((1 << (shift - 1)) + (add << shift));
        Vector256<int> e0 = ((s0 + s4) << Bits) + half, e1 = ((s0 - s4) << Bits) + half;
        (Vector256<int> p0, Vector256<int> p3, Vector256<int> p1, Vector256<int> p2) = (e0 + e3, e0 - e3, e1 + e2, e1 - e2);

        Vector256<int> z1 = (s7 + s1) * -C0899, z2 = (s5 + s3) * -C2562, z3 = s7 + s3, z4 = s5 + s1, z5 = (z3 + z4) * C1175;
        z3 = z3 * -C1961 + z5;
        z4 = z4 * -C0390 + z5;
        Vector256<int> o0 = s7 * C0298 + z1 + z3, o1 = s5 * C2053 + z2 + z4, o2 = s3 * C3072 + z2 + z3, o3 = s1 * C1501 + z1 + z4;

        (s[0], s[7]) = ((p0 + o3) >> shift, (p0 - o3) >> shift);
        (s[1], s[6]) = ((p1 + o2) >> shift, (p1 - o2) >> shift);
        (s[2], s[5]) = ((p2 + o1) >> shift, (p2 - o1) >> shift);
        (s[3], s[4]) = ((p3 + o0) >> shift, (p3 - o0) >> shift);
    }

    /// <summary>The samples of a block with nothing but the DC coefficient.</summary>
    public static void InverseFlat(int dc, Span<byte> to, int stride)
    {
        byte value = (byte)Math.Clamp(((dc + 4) >> 3) + 128, 0, 255);
        for (int y = 0; y < 8; y++)
        {
            to.Slice(y * stride, 8).Fill(value);
        }
    }

    /// <summary>One transform of eight, in place, divided by 2^shift with rounding, plus <paramref name="add"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Eight(ref int s0, ref int s1, ref int s2, ref int s3, ref int s4, ref int s5, ref int s6, ref int s7, int shift, int add)
    {
        int turn = (s2 + s6) * C0541;
        int e2 = turn - s6 * C1847, e3 = turn + s2 * C0765;
        int half = (1 << (shift - 1)) + (add << shift);
        int e0 = ((s0 + s4) << Bits) + half, e1 = ((s0 - s4) << Bits) + half;
        (int p0, int p3, int p1, int p2) = (e0 + e3, e0 - e3, e1 + e2, e1 - e2);

        int z1 = (s7 + s1) * -C0899, z2 = (s5 + s3) * -C2562, z3 = s7 + s3, z4 = s5 + s1, z5 = (z3 + z4) * C1175;
        z3 = z3 * -C1961 + z5;
        z4 = z4 * -C0390 + z5;
        int o0 = s7 * C0298 + z1 + z3, o1 = s5 * C2053 + z2 + z4, o2 = s3 * C3072 + z2 + z3, o3 = s1 * C1501 + z1 + z4;

        (s0, s7) = ((p0 + o3) >> shift, (p0 - o3) >> shift);
        (s1, s6) = ((p1 + o2) >> shift, (p1 - o2) >> shift);
        (s2, s5) = ((p2 + o1) >> shift, (p2 - o1) >> shift);
        (s3, s4) = ((p3 + o0) >> shift, (p3 - o0) >> shift);
    }
}
