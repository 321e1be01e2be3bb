namespace Sagan.Native.Data.Images;

/// <summary>One colour component of a JPEG, as far as its codes must be counted.</summary>
/// <param name="Id">As scans call it.</param>
/// <param name="H">Horizontal sampling factor, 1 to 4.</param>
/// <param name="V">Vertical sampling factor.</param>
/// <param name="Table">Number of its quantisation table.</param>
sealed record JpegComponent(int Id, int H, int V, int Table)
{
    /// <summary>Size in blocks that hold samples.</summary>
    public int Wide { get; init; }

    public int High { get; init; }

    /// <summary>Blocks in a row of MCUs.</summary>
    public int Stride { get; init; }

    /// <summary>Of a progressive JPEG, for each block the coefficients that are not zero so far: later scans have a bit for each.</summary>
    public ulong[] NotZero { get; set; } = [];

    /// <summary>True once a scan gave its first coefficients.</summary>
    public bool Seen { get; set; }

    public JpegHuffman? Dc { get; set; }

    public JpegHuffman? Ac { get; set; }
}

/// <summary>
/// Follows the codes of one scan (ITU-T T.81, annexes F and G) without making samples of them, to tell whether there is one for every
/// block: decoders fill what is missing with grey, and do not say so.
/// </summary>
sealed class JpegScan(bool progressive, JpegComponent[] components, int first, int last, int high)
{
    int endOfBandRun;

    /// <summary>Follows the data from <paramref name="at"/> through all MCUs; returns the position after them.</summary>
    /// <exception cref="DataException">The data end early, or hold what no encoder writes.</exception>
    public int Follow(byte[] file, string name, int at, int restartInterval, int mcusWide, int mcusHigh)
    {
        JpegBits bits = new(file, name, at);
        bool interleaved = components.Length > 1;
        // A scan of one component has one block a step and only the blocks that hold samples; otherwise a step is an MCU.
        int wide = interleaved ? mcusWide : components[0].Wide, rows = interleaved ? mcusHigh : components[0].High;
        int untilRestart = restartInterval, restarts = 0;
        for (int y = 0; y < rows; y++)
        {
            for (int x = 0; x < wide; x++)
            {
                if (restartInterval > 0 && untilRestart-- == 0)
                {
                    bits.Restart(restarts++ & 7);
                    untilRestart = restartInterval - 1;
                    endOfBandRun = 0;
                }
                foreach (JpegComponent c in components)
                {
                    if (!progressive)
                    {
                        for (int i = interleaved ? c.H * c.V : 1; i > 0; i--) Sequential(ref bits, c);
                    }
                    else if (!interleaved)
                    {
                        Progressive(ref bits, c, y * c.Stride + x);
                    }
                    else
                    {
                        for (int i = 0; i < c.H * c.V; i++) Progressive(ref bits, c, (y * c.V + i / c.H) * c.Stride + x * c.H + i % c.H);
                    }
                }
                if (bits.Overrun)
                {
                    throw new DataException(name, bits.At, bits.At + 1 >= file.Length
                        ? $"the JPEG ends early, in row {y} of {rows} of a scan"
                        : $"the JPEG data of a scan end early, at marker ff {file[bits.At + 1]:x2}");
                }
            }
        }
        return bits.At;
    }

    static void Sequential(ref JpegBits bits, JpegComponent c)
    {
        JpegHuffman ac = c.Ac!;
        Difference(ref bits, c);
        for (int k = 1; k < 64; k++)
        {
            bits.Need32();
            int symbol = ac.Decode(ref bits), run = symbol >> 4, size = symbol & 15;
            if (size == 0)
            {
                if (run != 15) return;
                k += 15;
                continue;
            }
            k += run;
            if (k > 63) throw bits.Error("a JPEG block of more than 64 coefficients");
            bits.Skip(size);
        }
    }

    void Progressive(ref JpegBits bits, JpegComponent c, int block)
    {
        switch (first == 0, high == 0)
        {
            case (true, true):
                Difference(ref bits, c);
                break;
            case (true, false):
                bits.TakeOne();
                break;
            case (false, true):
                FirstAc(ref bits, c.Ac!, ref c.NotZero[block]);
                break;
            default:
                RefineAc(ref bits, c.Ac!, ref c.NotZero[block]);
                break;
        }
    }

    static void Difference(ref JpegBits bits, JpegComponent c)
    {
        bits.Need32();
        int size = c.Dc!.Decode(ref bits);
        if (size > 15) throw bits.Error($"a JPEG difference of {size} bits");
        bits.Skip(size);
    }

    void FirstAc(ref JpegBits bits, JpegHuffman ac, ref ulong notZero)
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
            if (k > last) throw bits.Error($"a JPEG coefficient after the band {first} to {last} of its scan");
            bits.Skip(size);
            notZero |= 1UL << k;
        }
    }

    /// <summary>
    /// One more bit of the band: a correction for every coefficient that is not zero yet, and new ones after runs of zeros (T.81, G.1.2.3).
    /// </summary>
    void RefineAc(ref JpegBits bits, JpegHuffman ac, ref ulong notZero)
    {
        int k = first;
        for (; endOfBandRun == 0 && k <= last; k++)
        {
            bits.Need32();
            int symbol = ac.Decode(ref bits), zeros = symbol >> 4, size = symbol & 15;
            if (size > 1) throw bits.Error($"a refined JPEG coefficient of {size} bits");
            if (size == 0 && zeros != 15)
            {
                endOfBandRun = (1 << zeros) + bits.Take(zeros);
                break;
            }
            bits.Skip(size);
            for (; k <= last; k++)
            {
                if ((notZero >> k & 1) != 0) bits.TakeOne();
                else if (--zeros < 0) break;
            }
            if (size != 0)
            {
                if (k > last) throw bits.Error($"a JPEG coefficient after the band {first} to {last} of its scan");
                notZero |= 1UL << k;
            }
        }
        if (endOfBandRun > 0)
        {
            endOfBandRun--;
            for (; k <= last; k++)
            {
                if ((notZero >> k & 1) != 0) bits.TakeOne();
            }
        }
    }
}
