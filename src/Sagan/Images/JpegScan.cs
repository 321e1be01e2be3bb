using Sagan.Native.Data;

namespace Sagan.Native.Images;

/// <summary>
/// Decodes the entropy-coded data of one scan (ITU-T T.81, annexes F and G): sequential blocks straight to samples; progressive blocks into the coefficients
/// that later scans refine.
/// </summary>
sealed class JpegScan(JpegFrame frame, JpegComponent[] components, int first, int last, int high, int low)
{
    /// <summary>Position in natural (row) order of the k-th coefficient in zigzag order.</summary>
    public static readonly byte[] Natural =
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    readonly int[] block = new int[64];
    int endOfBandRun;

    /// <summary>Decodes the data from <paramref name="at"/>; returns the position after them, that of a marker in a sound file.</summary>
    public int Decode(byte[] file, string name, int at, int restartInterval)
    {
        JpegBits bits = new(file, name, at);
        JpegComponent only = components[0];
        bool interleaved = components.Length > 1;
        // A scan of one component has one block a step and only the blocks that hold samples; otherwise a step is an MCU.
        int wide = interleaved ? frame.McusWide : (only.Width + 7) / 8, high = interleaved ? frame.McusHigh : (only.Height + 7) / 8;
        int untilRestart = restartInterval, restarts = 0;
        foreach (JpegComponent c in components)
        {
            c.Prediction = 0;
        }
        for (int y = 0; y < high; y++)
        {
            for (int x = 0; x < wide; x++)
            {
                if (restartInterval > 0 && untilRestart-- == 0)
                {
                    bits.Restart(restarts++ & 7);
                    untilRestart = restartInterval - 1;
                    endOfBandRun = 0;
                    foreach (JpegComponent c in components)
                    {
                        c.Prediction = 0;
                    }
                }
                if (!interleaved)
                {
                    DecodeBlock(ref bits, only, x, y);
                }
                else
                {
                    foreach (JpegComponent c in components)
                    {
                        for (int i = 0; i < c.H * c.V; i++)
                        {
                            DecodeBlock(ref bits, c, x * c.H + i % c.H, y * c.V + i / c.H);
                        }
                    }
                }
                if (bits.Overrun)
                {
                    throw new DataException(name, bits.At, bits.At + 1 >= file.Length
                        ? $"the JPEG ends early, in row {Math.Min(frame.Height - 1, (long)y * frame.Height / high)} of {frame.Height}"
                        : $"the JPEG data of a scan end early, at marker ff {file[bits.At + 1]:x2}");
                }
            }
        }
        return bits.At;
    }

    void DecodeBlock(ref JpegBits bits, JpegComponent c, int x, int y)
    {
        if (!frame.Progressive)
        {
            Sequential(ref bits, c, x, y);
            return;
        }
        Span<short> coefficients = c.Coefficients.AsSpan((y * c.BlocksWide + x) * 64, 64);
        switch (first == 0, high == 0)
        {
            case (true, true):
                bits.Need32();
                c.Prediction += Value(ref bits, c.Dc!.Decode(ref bits));
                coefficients[0] = (short)(c.Prediction << low);
                break;
            case (true, false):
                coefficients[0] |= (short)(bits.TakeOne() << low);
                break;
            case (false, true):
                FirstAc(ref bits, c.Ac!, coefficients);
                break;
            default:
                RefineAc(ref bits, c.Ac!, coefficients);
                break;
        }
    }

    void Sequential(ref JpegBits bits, JpegComponent c, int x, int y)
    {
        ushort[] steps = c.Steps!;
        Span<int> b = block;
        JpegHuffman ac = c.Ac!;
        bits.Need32();
        c.Prediction += Value(ref bits, c.Dc!.Decode(ref bits));
        Span<byte> to = c.Samples.AsSpan(y * 8 * c.Stride + x * 8);
        int k = 1;
        bool flat = true;
        while (k < 64)
        {
            bits.Need32();
            int symbol = ac.Decode(ref bits), run = symbol >> 4, size = symbol & 15;
            if (size == 0)
            {
                if (run != 15)
                {
                    break;
                }
                k += 16;
                continue;
            }
            k += run;
            if (k > 63)
            {
                throw bits.Error("a JPEG block of more than 64 coefficients");
            }
            if (flat)
            {
                b.Clear();
                flat = false;
            }
            b[Natural[k]] = bits.TakeSigned(size) * steps[k];
            k++;
        }
        int dc = (short)c.Prediction * steps[0];
        if (flat)
        {
            JpegTransform.InverseFlat(dc, to, c.Stride);
            return;
        }
        b[0] = dc;
        JpegTransform.Inverse(b, to, c.Stride);
    }

    void FirstAc(ref JpegBits bits, JpegHuffman ac, Span<short> coefficients)
    {
        if (endOfBandRun > 0)
        {
            endOfBandRun--;
            return;
        }
        for (int k = first; k <= last; k++)
        {
            bits.Need32();
            int symbol = ac.Decode(ref bits), run = symbol >> 4, size = symbol & 15;
            if (size == 0)
            {
                if (run != 15)
                {
                    endOfBandRun = (1 << run) - 1 + bits.Take(run);
                    return;
                }
                k += 15;
                continue;
            }
            k += run;
            if (k > last)
            {
                throw bits.Error($"a JPEG coefficient after the band {first} to {last} of its scan");
            }
            coefficients[Natural[k]] = (short)(bits.TakeSigned(size) << low);
        }
    }

    /// <summary>
    /// Adds one bit of precision to the band: a correction bit for every coefficient that is not zero yet, and new ones of +-1 after runs of zeros (T.81,
    /// G.1.2.3).
    /// </summary>
    void RefineAc(ref JpegBits bits, JpegHuffman ac, Span<short> coefficients)
    {
        int one = 1 << low, k = first;
        if (endOfBandRun == 0)
        {
            for (; k <= last; k++)
            {
                bits.Need32();
                int symbol = ac.Decode(ref bits), zeros = symbol >> 4, size = symbol & 15;
                if (size > 1)
                {
                    throw bits.Error($"a refined JPEG coefficient of {size} bits");
                }
                if (size == 0 && zeros != 15)
                {
                    endOfBandRun = (1 << zeros) + bits.Take(zeros);
                    break;
                }
                short fresh = (short)(size == 0 ? 0 : bits.Take(1) != 0 ? one : -one);
                for (; k <= last; k++)
                {
                    ref short coefficient = ref coefficients[Natural[k]];
                    if (coefficient != 0)
                    {
                        Correct(ref bits, ref coefficient, one);
                    }
                    else if (--zeros < 0)
                    {
                        coefficient = fresh;
                        break;
                    }
                }
                if (fresh != 0 && k > last)
                {
                    throw bits.Error($"a JPEG coefficient after the band {first} to {last} of its scan");
                }
            }
        }
        if (endOfBandRun > 0)
        {
            endOfBandRun--;
            for (; k <= last; k++)
            {
                ref short coefficient = ref coefficients[Natural[k]];
                if (coefficient != 0)
                {
                    Correct(ref bits, ref coefficient, one);
                }
            }
        }
    }

    static void Correct(ref JpegBits bits, ref short coefficient, int one)
    {
        if (bits.TakeOne() != 0 && (coefficient & one) == 0)
        {
            coefficient += (short)(coefficient > 0 ? one : -one);
        }
    }

    static int Value(ref JpegBits bits, int size) =>
        size <= 15 ? bits.TakeSigned(size) : throw bits.Error($"a JPEG difference of {size} bits");
}
