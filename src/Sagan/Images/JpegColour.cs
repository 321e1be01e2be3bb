using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Images;

/// <summary>
/// From the components of a JPEG to pixels: enlarges subsampled components as libjpeg's "fancy upsampling" does, with weights 3/4 and 1/4 to the nearest
/// samples (9/16, 3/16, 3/16, 1/16 in two dimensions) for factors of 2, by repetition for others; then YCbCr to RGB (JFIF, the full range of ITU-R BT.601).
/// </summary>
static class JpegColour
{
    const int Bits = 16, Half = 1 << (Bits - 1);

    // 1.402, 1.772, 0.71414, 0.34414 with 16 fractional bits.
    const int RedOfCr = 91881, BlueOfCb = 116130, GreenOfCr = 46802, GreenOfCb = 22554;

    public static Image Assemble(JpegFrame frame, bool ycc)
    {
        int n = frame.Components.Length, w = frame.Width;
        Image image = new(w, frame.Height, n);
        // Enlarging may write past the width by less than the largest factor.
        byte[][] rows = [.. frame.Components.Select(_ => new byte[w + 4])];
        ushort[] columns = new ushort[w + 4];
        for (int y = 0; y < frame.Height; y++)
        {
            for (int c = 0; c < n; c++)
            {
                Enlarge(frame.Components[c], frame.HMax, frame.VMax, y, rows[c], columns, w);
            }
            Span<byte> to = image.Pixels.AsSpan(y * w * n, w * n);
            if (n == 1)
            {
                rows[0].AsSpan(0, w).CopyTo(to);
            }
            else if (ycc)
            {
                ToRgb(rows[0].AsSpan(0, w), rows[1].AsSpan(0, w), rows[2].AsSpan(0, w), to);
            }
            else
            {
                for (int x = 0; x < w; x++)
                {
                    (to[3 * x], to[3 * x + 1], to[3 * x + 2]) = (rows[0][x], rows[1][x], rows[2][x]);
                }
            }
        }
        return image;
    }

    static void ToRgb(ReadOnlySpan<byte> luma, ReadOnlySpan<byte> blue, ReadOnlySpan<byte> red, Span<byte> to)
    {
        blue = blue[..luma.Length];
        red = red[..luma.Length];
        to = to[..(3 * luma.Length)];
        int x = 0;
        // Four pixels at once: their red, green and blue as the bytes of an integer, from which the twelve are drawn together.
        Vector128<byte> twelve = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
        for (; 3 * x + 16 <= to.Length; x += 4)
        {
            Vector128<int> y = Four(luma, x), cb = Four(blue, x) - Vector128.Create(128), cr = Four(red, x) - Vector128.Create(128), half = Vector128.Create(Half);
            Vector128<int> r = Clamp(y + ((RedOfCr * cr + half) >> Bits)), b = Clamp(y + ((BlueOfCb * cb + half) >> Bits));
            Vector128<int> g = Clamp(y + ((half - GreenOfCb * cb - GreenOfCr * cr) >> Bits));
            Vector128.Shuffle((r | g << 8 | b << 16).AsByte(), twelve).CopyTo(to[(3 * x)..]);
        }
        for (; x < luma.Length; x++)
        {
            int y = luma[x], cb = blue[x] - 128, cr = red[x] - 128;
            to[3 * x] = Clamp(y + ((RedOfCr * cr + Half) >> Bits));
            to[3 * x + 1] = Clamp(y + ((-GreenOfCb * cb - GreenOfCr * cr + Half) >> Bits));
            to[3 * x + 2] = Clamp(y + ((BlueOfCb * cb + Half) >> Bits));
        }
    }

    static Vector128<int> Four(ReadOnlySpan<byte> from, int at) =>
        Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalar(BinaryPrimitives.ReadUInt32LittleEndian(from[at..])).AsByte())).AsInt32();

    static Vector128<int> Clamp(Vector128<int> v) => Vector128.Min(Vector128.Max(v, Vector128<int>.Zero), Vector128.Create(255));

    static byte Clamp(int v) => (byte)Math.Clamp(v, 0, 255);

    /// <summary>Row <paramref name="y"/> of a component at the size of the picture.</summary>
    static void Enlarge(JpegComponent c, int hMax, int vMax, int y, byte[] to, ushort[] columns, int width)
    {
        bool twiceWide = c.H * 2 == hMax, sameWide = c.H == hMax, twiceHigh = c.V * 2 == vMax, sameHigh = c.V == vMax;
        // libjpeg repeats where a component has no more than two columns.
        bool smooth = c.Width > 2;
        if (sameWide && sameHigh)
        {
            Row(c, y).CopyTo(to);
        }
        else if (twiceWide && sameHigh && smooth)
        {
            Across(Row(c, y), to);
        }
        else if (twiceHigh && (sameWide || twiceWide && smooth))
        {
            int near = y / 2, far = Math.Clamp(near + (y % 2 == 0 ? -1 : 1), 0, c.Height - 1);
            if (sameWide)
            {
                ReadOnlySpan<byte> a = Row(c, near), b = Row(c, far);
                int round = 1 + y % 2;
                for (int x = 0; x < c.Width; x++)
                {
                    to[x] = (byte)((3 * a[x] + b[x] + round) >> 2);
                }
            }
            else
            {
                AcrossAndDown(Row(c, near), Row(c, far), to, columns);
            }
        }
        else
        {
            ReadOnlySpan<byte> row = Row(c, y * c.V / vMax);
            for (int x = 0; x < width; x++)
            {
                to[x] = row[x * c.H / hMax];
            }
        }
    }

    static ReadOnlySpan<byte> Row(JpegComponent c, int y) => c.Samples.AsSpan(y * c.Stride, c.Width);

    /// <summary>Doubles a row. Rounding alternates between down and up, so that it has no bias on the whole.</summary>
    static void Across(ReadOnlySpan<byte> s, Span<byte> to)
    {
        int n = s.Length;
        to[0] = s[0];
        for (int x = 0; x < n; x++)
        {
            if (x > 0)
            {
                to[2 * x] = (byte)((3 * s[x] + s[x - 1] + 1) >> 2);
            }
            if (x < n - 1)
            {
                to[2 * x + 1] = (byte)((3 * s[x] + s[x + 1] + 2) >> 2);
            }
        }
        to[2 * n - 1] = s[n - 1];
    }

    static void AcrossAndDown(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far, Span<byte> to, Span<ushort> s)
    {
        int n = near.Length;
        s = s[..n];
        far = far[..n];
        for (int i = 0; i < n; i++)
        {
            s[i] = (ushort)(3 * near[i] + far[i]);
        }
        to[0] = (byte)((4 * s[0] + 8) >> 4);
        int x = 0;
        // Eight pairs at once: the left sample of each in the low byte, the right one in the high byte.
        for (; x + 9 <= n; x += 8)
        {
            Vector128<ushort> a = Vector128.Create<ushort>(s.Slice(x, 8)), b = Vector128.Create<ushort>(s.Slice(x + 1, 8)), sum = a + b;
            Vector128<ushort> left = (sum + a + a + Vector128.Create((ushort)7)) >> 4, right = (sum + b + b + Vector128.Create((ushort)8)) >> 4;
            (left | right << 8).AsByte().CopyTo(to[(2 * x + 1)..]);
        }
        for (; x < n - 1; x++)
        {
            int a = s[x], b = s[x + 1];
            to[2 * x + 1] = (byte)((3 * a + b + 7) >> 4);
            to[2 * x + 2] = (byte)((3 * b + a + 8) >> 4);
        }
        to[2 * n - 1] = (byte)((4 * s[n - 1] + 7) >> 4);
    }
}
