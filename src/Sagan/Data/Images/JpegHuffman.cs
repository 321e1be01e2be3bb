namespace Sagan.Native.Data.Images;

/// <summary>
/// A canonical Huffman code of JPEG (ITU-T T.81, annex C): codes of up to 9 bits by one look-up, longer ones by comparing with the last
/// code of each length.
/// </summary>
sealed class JpegHuffman
{
    const int LookupBits = 9, MaxLength = 16;

    /// <summary>By the next 9 bits: length in the high byte, symbol in the low one; 0 for longer codes.</summary>
    readonly ushort[] lookup = new ushort[1 << LookupBits];

    /// <summary>By length: one past the last code, shifted left to 16 bits.</summary>
    readonly int[] end = new int[MaxLength + 1];

    /// <summary>By length: what is added to a code to give the index of its symbol.</summary>
    readonly int[] shift = new int[MaxLength + 1];
    readonly byte[] symbols;

    /// <summary>Null where the counts are those of no prefix code.</summary>
    public static JpegHuffman? Create(ReadOnlySpan<byte> counts, ReadOnlySpan<byte> symbols)
    {
        JpegHuffman table = new(symbols.ToArray());
        int code = 0, index = 0;
        for (int length = 1; length <= MaxLength; length++)
        {
            table.shift[length] = index - code;
            for (int i = 0; i < counts[length - 1]; i++, code++, index++)
            {
                if (code >= 1 << length)
                {
                    return null;
                }
                if (length <= LookupBits)
                {
                    table.lookup.AsSpan(code << (LookupBits - length), 1 << (LookupBits - length))
                        .Fill((ushort)(length << 8 | symbols[index]));
                }
            }
            table.end[length] = code << (MaxLength - length);
            code <<= 1;
        }
        return table;
    }

    JpegHuffman(byte[] symbols) => this.symbols = symbols;

    /// <summary>The next symbol; there are at least 16 bits in the reader.</summary>
    public int Decode(ref JpegBits bits)
    {
        int next = bits.Peek16();
        int entry = lookup[next >> (MaxLength - LookupBits)];
        if (entry != 0)
        {
            bits.Skip(entry >> 8);
            return (byte)entry;
        }
        for (int length = LookupBits + 1; length <= MaxLength; length++)
        {
            if (next < end[length])
            {
                bits.Skip(length);
                return symbols[(next >> (MaxLength - length)) + shift[length]];
            }
        }
        throw bits.Error("a code that the JPEG's Huffman table does not hold");
    }
}

/// <summary>
/// The bits of entropy-coded JPEG data: unstuffed, up to the next marker. Beyond it come zeros, and <see cref="Overrun"/> tells when one of
/// them was used.
/// </summary>
struct JpegBits(byte[] file, string name, int at)
{
    ulong bits;
    int count, beyond;

    /// <summary>Position of the next byte, the marker's 0xFF once the data ended.</summary>
    public int At { get; private set; } = at;

    /// <summary>True once bits after the end of the data were used.</summary>
    public readonly bool Overrun => count < beyond;

    /// <summary>Makes sure that at least 32 bits are there: a Huffman code and the bits of its value.</summary>
    public void Need32()
    {
        if (count < 32)
        {
            Fill();
        }
    }

    public readonly int Peek16() => (int)(bits >> (count - 16)) & 0xFFFF;

    public void Skip(int n) => count -= n;

    /// <summary>The next n bits, 0 to 16.</summary>
    public int Take(int n)
    {
        count -= n;
        return (int)(bits >> count) & ((1 << n) - 1);
    }

    /// <summary>One bit, with the check that it is there.</summary>
    public int TakeOne()
    {
        if (count < 1)
        {
            Fill();
        }
        return Take(1);
    }

    /// <summary>Passes the restart marker RST<paramref name="number"/>, which is to come next.</summary>
    public void Restart(int number)
    {
        if (count - beyond >= 8 || At + 1 < file.Length && file[At] != 0xFF)
        {
            throw Error("the JPEG data go on where a restart marker belongs");
        }
        while (At + 1 < file.Length && file[At + 1] == 0xFF)
        {
            At++;
        }
        if (At + 1 >= file.Length || file[At + 1] != 0xD0 + number)
        {
            throw Error(At + 1 >= file.Length ? "the JPEG ends early" : $"restart marker {number} of the JPEG is missing");
        }
        At += 2;
        (bits, count, beyond) = (0, 0, 0);
    }

    /// <summary>What cannot be because the data have ended says so, and not what the zeros behind them make.</summary>
    public readonly DataException Error(string problem) => new(name, At, Overrun ? "the JPEG data of a scan end early" : problem);

    void Fill()
    {
        while (count <= 56)
        {
            int b = 0;
            if (At < file.Length && file[At] != 0xFF)
            {
                b = file[At++];
            }
            else if (At + 1 < file.Length && file[At + 1] == 0)
            {
                b = 0xFF;
                At += 2;
            }
            else
            {
                beyond += 8;
            }
            bits = bits << 8 | (uint)b;
            count += 8;
        }
    }
}
