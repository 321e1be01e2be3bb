using System.Buffers.Binary;

namespace Sagan.Native.Images;

/// <summary>Finds the orientation in an EXIF block (a small TIFF file). A malformed block counts as none: it does not make the picture unreadable.</summary>
static class Exif
{
    const int OrientationTag = 0x0112;
    const int ShortType = 3;

    /// <summary>Orientation 1..8 of tag 0x0112 in the first directory, 1 where there is none.</summary>
    public static int Orientation(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8)
        {
            return 1;
        }
        bool little = tiff[0] == 'I' && tiff[1] == 'I';
        if (!little && !(tiff[0] == 'M' && tiff[1] == 'M') || U16(tiff, 2, little) != 42)
        {
            return 1;
        }
        uint directory = little ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return 1;
        }
        int count = U16(tiff, (int)directory, little);
        for (long i = 0, at = directory + 2L; i < count && at + 12 <= tiff.Length; i++, at += 12)
        {
            if (U16(tiff, (int)at, little) == OrientationTag && U16(tiff, (int)at + 2, little) == ShortType)
            {
                int value = U16(tiff, (int)at + 8, little);
                return value is >= 1 and <= 8 ? value : 1;
            }
        }
        return 1;
    }

    static int U16(ReadOnlySpan<byte> data, int at, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(data[at..]) : BinaryPrimitives.ReadUInt16BigEndian(data[at..]);
}
