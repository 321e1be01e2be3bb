using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Images;

/// <summary>CMYK JPEG, GIF, BMP and WebP, and the formats that are known but not read.</summary>
[Quick]
public class OtherFormatTests
{
    /// <summary>2x2 pixels of 24 bits, rows from the bottom, BGR.</summary>
    static readonly byte[] bitmap =
    [
        (byte)'B', (byte)'M', 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0,
        40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0,
    ];

    public static IEnumerable<object[]> Files => ImageGolden.Names("other", ".pixels");

    [Theory]
    [MemberData(nameof(Files))]
    public void Pixels_are_those_of_Pillow(string file)
    {
        Image expected = ImageGolden.Pixels($"other/{file}.pixels"), actual = ImageFile.Decode(ImageGolden.File("other/" + file), file);
        Assert.Equal((expected.Width, expected.Height, expected.Channels), (actual.Width, actual.Height, actual.Channels));
        for (int i = 0; i < expected.Pixels.Length; i++)
        {
            // JPEG is transformed in float. What colour lies under a transparent pixel is anybody's choice.
            int tolerance = file.EndsWith(".jpg", StringComparison.Ordinal) ? 2 : 0;
            bool seen = expected.Channels < 4 || expected.Pixels[i | 3] > 0 || i % 4 == 3;
            Assert.True(!seen || Math.Abs(expected.Pixels[i] - actual.Pixels[i]) <= tolerance, $"byte {i}: {expected.Pixels[i]}, "
                + $"{actual.Pixels[i]}");
        }
    }

    [Fact]
    public void A_bitmap_has_its_rows_from_the_bottom() =>
        Assert.Equal([7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6], ImageFile.Decode(bitmap, "x.bmp").ToChannels(3).Pixels);

    /// <summary>
    /// No beginning of a file is taken for a file, unless what is missing is no part of the picture (the filling after a last chunk).
    /// </summary>
    [Theory]
    [MemberData(nameof(Files))]
    public void Cut_files_are_errors(string name)
    {
        byte[] file = ImageGolden.File("other/" + name);
        int step = Math.Max(1, file.Length / 400);
        for (int length = 0; length < file.Length; length += length > file.Length - 40 ? 1 : step)
        {
            DataException? e = Record.Exception(() => ImageFile.Decode(file[..length], "cut")) as DataException;
            Assert.True(e != null && e.Message.StartsWith("cut: ", StringComparison.Ordinal), $"{length} of {file.Length} bytes: {e}");
        }
    }

    /// <summary>A GIF whose blocks are whole, but hold too few codes.</summary>
    [Fact]
    public void A_GIF_that_ends_early_is_an_error_although_its_blocks_are_whole()
    {
        byte[] file = ImageGolden.File("other/noise.gif");
        int last = file.Length - 3 - file[file.AsSpan().LastIndexOf((byte)0) - 1];
        int start = file.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0x2C, 0, 0, 0, 0]) + 11;
        List<int> blocks = [];
        for (int at = start; file[at] != 0; at += 1 + file[at]) blocks.Add(at);
        Assert.True(blocks.Count > 3 && last > start);
        foreach (int at in blocks)
        {
            byte[] cut = [.. file[..at], 0, 0x3B];
            Assert.Contains("ends early", Assert.Throws<DataException>(() => ImageFile.Decode(cut, "cut.gif")).Message);
        }
    }

    [Theory]
    [InlineData("TIFF", "49492a0008000000")]
    [InlineData("HEIC", "000000186674797068656963")]
    [InlineData("AVIF", "000000186674797061766966")]
    [InlineData("JPEG 2000", "0000000c6a5020200d0a870a")]
    [InlineData("JPEG XL", "ff0a0000")]
    [InlineData("Photoshop", "38425053000100")]
    [InlineData("ICO", "0000010001001010")]
    [InlineData("PNM", "50360a3120310a3235350a000000")]
    public void Formats_that_are_not_read_are_refused_by_name(string format, string hex)
    {
        byte[] file = Convert.FromHexString(hex);
        Assert.Equal(format, ImageFormat.Of(file));
        Assert.Equal($"photo.jpg: {format} is not read: convert it to PNG or JPEG",
            Assert.Throws<DataException>(() => ImageFile.Decode(file, "photo.jpg")).Message);
    }

    [Theory]
    [InlineData(30, 1, "a run-length coded BMP is not read")]
    [InlineData(30, 4, "a BMP of compression 4 is not read")]
    [InlineData(28, 5, "a BMP of 5 bits a pixel")]
    [InlineData(14, 41, "a BMP header of 41 bytes is not known")]
    [InlineData(10, 80, "the BMP ends early")]
    public void Kinds_of_bitmaps_that_are_not_read_are_refused_by_name(int at, byte value, string message)
    {
        byte[] file = [.. bitmap];
        file[at] = value;
        Assert.Contains(message, Assert.Throws<DataException>(() => ImageFile.Decode(file, "x.bmp")).Message);
    }

    /// <summary>The claim of a large picture costs nothing, and is not believed.</summary>
    [Theory]
    [InlineData("plain.gif", 6)]
    [InlineData("24.bmp", 18)]
    public void Claims_beyond_the_limit_are_refused_before_anything_is_decoded(string name, int at)
    {
        byte[] file = ImageGolden.File("other/" + name);
        (file[at], file[at + 1]) = (0xFF, 0xFF);
        (file[at + (name == "24.bmp" ? 4 : 2)], file[at + (name == "24.bmp" ? 5 : 3)]) = (0xFF, 0xFF);
        string message = Assert.Throws<DataException>(() => ImageFile.Decode(file, "x")).Message;
        Assert.Contains("65535 x 65535 pixels are more than the limit of 67 megapixels: reduce the picture, or raise data.maxMegapixels",
            message);
    }
}
