using System.Buffers.Binary;

namespace Sagan.Native.Data.Images;

/// <summary>
/// Makes sure that a BMP is whole: that its rows, which are not packed, lie within the file. Packed ones (RLE), which nobody writes, are
/// refused.
/// </summary>
static class BmpFile
{
    const int FileHeader = 14, CoreHeader = 12, Plain = 0, BitFields = 3, AlphaBitFields = 6;

    /// <exception cref="DataException">The file is damaged, too large, or of a kind that is not read.</exception>
    public static byte[] Sound(byte[] file, string name, ImageLimit limit)
    {
        int header = Has(FileHeader + 4) ? Integer(FileHeader) : 0;
        if (header is not (CoreHeader or 40 or 52 or 56 or 64 or 108 or 124) || !Has(FileHeader + header))
        {
            throw new DataException(name, Math.Min(FileHeader, file.Length), Has(FileHeader + 4) && Has(FileHeader + (long)header)
                ? $"a BMP header of {header} bytes is not known" : "the BMP ends early, in its header");
        }
        bool core = header == CoreHeader;
        long width = core ? Short(18) : Integer(18), height = core ? Short(20) : Math.Abs((long)Integer(22));
        int bits = Short(core ? 24 : 28), packing = core ? Plain : Integer(30);
        limit.Require(name, width, height);
        if (packing is not (Plain or BitFields or AlphaBitFields))
        {
            string kind = packing is 1 or 2 ? "a run-length coded BMP" : $"a BMP of compression {packing}";
            throw new DataException(name, 30, $"{kind} is not read: {ImageFile.WayOut}") { Unsupported = true };
        }
        if (bits is not (1 or 2 or 4 or 8 or 16 or 24 or 32) || packing != Plain && bits < 16)
        {
            throw new DataException(name, core ? 24 : 28, $"a BMP of {bits} bits a pixel");
        }
        long start = (uint)Integer(10), end = start + (width * bits + 31) / 32 * 4 * height;
        if (start < FileHeader + header || end > file.Length)
        {
            throw new DataException(name, file.Length, $"the BMP ends early: {file.Length} bytes cannot hold {width} x {height} pixels "
                + $"from byte {start} on");
        }
        return file;

        bool Has(long length) => length <= file.Length;
        int Integer(int offset) => BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(offset));
        int Short(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(offset));
    }
}
