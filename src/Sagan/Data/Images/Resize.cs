using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Data.Images;

/// <summary>
/// Centre crop and antialiased resize. Each output sample is a weighted mean of the input samples under a triangle of half-width max(1,
/// in/out) input pixels around its centre (x + 1/2) in/out, the weights normalised to 1: plain bilinear when enlarging, a proper low-pass
/// when reducing. Two passes, horizontal then vertical, in fixed point with 22 fractional bits and an 8-bit intermediate image: the
/// arithmetic of Pillow's BILINEAR, so that images prepared there and here agree to the level.
/// </summary>
public static class Resize
{
    const int FractionBits = 22;

    /// <summary>The largest centred square.</summary>
    public static Image CentreCrop(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        int side = Math.Min(image.Width, image.Height);
        return CentreCrop(image, side, side);
    }

    /// <summary>The centred part of at most the given size; of an odd remainder the larger half goes to the right and the bottom.</summary>
    public static Image CentreCrop(Image image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        (width, height) = (Math.Min(width, image.Width), Math.Min(height, image.Height));
        if (width == image.Width && height == image.Height)
        {
            return image;
        }
        Image result = new(width, height, image.Channels);
        int x = (image.Width - width) / 2, y = (image.Height - height) / 2, length = width * image.Channels;
        for (int row = 0; row < height; row++)
        {
            image.Pixels.AsSpan(((y + row) * image.Width + x) * image.Channels, length).CopyTo(result.Pixels.AsSpan(row * length));
        }
        return result;
    }

    /// <summary>The centred square of at most <paramref name="side"/> pixels at another size: the crop is not copied.</summary>
    internal static Image CentreTo(Image image, int side, int size)
    {
        int width = Math.Min(side, image.Width), height = Math.Min(side, image.Height);
        (int x, int y) = ((image.Width - width) / 2, (image.Height - height) / 2);
        return width == size || height == size ? To(CentreCrop(image, width, height), size, size)
            : Vertical(Horizontal(image, x, y, width, height, size), size);
    }

    /// <summary>
    /// The whole image at another size. Alpha is treated like any other channel: composite first (<see cref="Image.ToChannels"/>).
    /// </summary>
    public static Image To(Image image, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(image);
        Image across = width == image.Width ? image : Horizontal(image, 0, 0, image.Width, image.Height, width);
        return height == image.Height ? across : Vertical(across, height);
    }

    // The rectangle at (left, top) of the image, made `width` wide.
    static Image Horizontal(Image image, int left, int top, int fromWidth, int height, int width)
    {
        Image result = new(width, height, image.Channels);
        Weights weights = new(fromWidth, width);
        int n = image.Channels, length = fromWidth * n;
        Vector128<byte> lowBytes = Vector128.Create((byte)0, 4, 8, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        // A pixel is read as four bytes, whatever its channels: the row has room behind it for that.
        byte[] row = new byte[length + 4];
        for (int y = 0; y < height; y++)
        {
            image.Pixels.AsSpan(((top + y) * image.Width + left) * n, length).CopyTo(row);
            Span<byte> to = result.Pixels.AsSpan(y * width * n, width * n);
            for (int x = 0; x < width; x++)
            {
                ReadOnlySpan<int> k = weights.Of(x, out int first);
                Vector128<int> sum = Vector128.Create(1 << FractionBits - 1);
                for (int i = 0, j = first * n; i < k.Length; i++, j += n)
                {
                    Vector128<byte> pixel = Vector128.CreateScalar(BinaryPrimitives.ReadUInt32LittleEndian(row.AsSpan(j))).AsByte();
                    sum += k[i] * Vector128.WidenLower(Vector128.WidenLower(pixel)).AsInt32();
                }
                Vector128<int> channels = Vector128.Min(Vector128.Max(sum >> FractionBits, Vector128<int>.Zero), Vector128.Create(255));
                uint bytes = Vector128.Shuffle(channels.AsByte(), lowBytes).AsUInt32()[0];
                for (int c = 0; c < n; c++, bytes >>= 8)
                {
                    to[x * n + c] = (byte)bytes;
                }
            }
        }
        return result;
    }

    static Image Vertical(Image image, int height)
    {
        Image result = new(image.Width, height, image.Channels);
        Weights weights = new(image.Height, height);
        int length = image.Width * image.Channels;
        int[] sums = new int[length];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<int> k = weights.Of(y, out int first);
            Array.Fill(sums, 1 << FractionBits - 1);
            for (int i = 0; i < k.Length; i++)
            {
                AddWeighted(image.Pixels.AsSpan((first + i) * length, length), k[i], sums);
            }
            Span<byte> to = result.Pixels.AsSpan(y * length, length);
            for (int x = 0; x < to.Length; x++)
            {
                to[x] = Round(sums[x]);
            }
        }
        return result;
    }

    static void AddWeighted(ReadOnlySpan<byte> from, int weight, Span<int> sums)
    {
        int x = 0;
        for (; x + 8 <= from.Length; x += 8)
        {
            Vector128<ushort> eight =
                Vector128.WidenLower(Vector128.CreateScalar(BinaryPrimitives.ReadUInt64LittleEndian(from[x..])).AsByte());
            Span<int> to = sums.Slice(x, 8);
            (Vector128.Create<int>(to) + weight * Vector128.WidenLower(eight).AsInt32()).CopyTo(to);
            (Vector128.Create<int>(to[4..]) + weight * Vector128.WidenUpper(eight).AsInt32()).CopyTo(to[4..]);
        }
        for (; x < from.Length; x++)
        {
            sums[x] += weight * from[x];
        }
    }

    static byte Round(int sum) => (byte)Math.Clamp(sum >> FractionBits, 0, 255);

    /// <summary>For every output position the first input position and the weights, which sum to about 2^22.</summary>
    sealed class Weights
    {
        readonly int[] first, count, weights;
        readonly int most;

        public Weights(int from, int to)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(to);
            double scale = (double)from / to, support = Math.Max(1.0, scale);
            most = (int)Math.Ceiling(support) * 2 + 1;
            (first, count, weights) = (new int[to], new int[to], new int[to * most]);
            double[] w = new double[most];
            for (int x = 0; x < to; x++)
            {
                double centre = (x + 0.5) * scale, sum = 0;
                int low = Math.Max(0, (int)(centre - support + 0.5)), high = Math.Min(from, (int)(centre + support + 0.5));
                for (int i = low; i < high; i++)
                {
                    w[i - low] = Math.Max(0, 1 - Math.Abs((i - centre + 0.5) / support));
                    sum += w[i - low];
                }
                (first[x], count[x]) = (low, high - low);
                for (int i = 0; i < high - low; i++)
                {
                    weights[x * most + i] = (int)(0.5 + w[i] / sum * (1 << FractionBits));
                }
            }
        }

        public ReadOnlySpan<int> Of(int x, out int start)
        {
            start = first[x];
            return weights.AsSpan(x * most, count[x]);
        }
    }
}
