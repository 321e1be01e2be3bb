using System.Buffers.Binary;
using System.Text;
using Sagan.Native.Data;
using Sagan.Native.Images;

namespace Sagan.Native.Tests.Images;

public class PngTests
{
    public static IEnumerable<object[]> Names => ImageGolden.Names("png", ".png");

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_type_and_depth_is_what_Pillow_reads(string name)
    {
        Image expected = ImageGolden.Pixels($"png/{name}.pixels"), actual = ImageFile.Decode(ImageGolden.File($"png/{name}.png"), name);
        Assert.Equal((expected.Width, expected.Height, expected.Channels), (actual.Width, actual.Height, actual.Channels));
        Assert.Equal(expected.Pixels, actual.Pixels);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(13, 7, 1)]
    [InlineData(13, 7, 2)]
    [InlineData(64, 64, 3)]
    [InlineData(5, 90, 4)]
    public void Written_files_read_back(int w, int h, int channels)
    {
        Image image = new(w, h, channels);
        new Random(w).NextBytes(image.Pixels);
        for (int i = 0; i < image.Pixels.Length / 2; i++)
        {
            image.Pixels[i] = (byte)(i / channels / 3 + i % channels);
        }
        Image back = ImageFile.Decode(ImageFile.EncodePng(image), "x");
        Assert.Equal((w, h, channels), (back.Width, back.Height, back.Channels));
        Assert.Equal(image.Pixels, back.Pixels);
        Assert.Equal(ImageFile.EncodePng(image), ImageFile.EncodePng(back));
    }

    [Fact]
    public void Filters_make_smooth_pictures_small()
    {
        Image image = new(64, 64, 3);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            image.Pixels[i] = (byte)(i / 3 % 64 * 3 + i / 192);
        }
        Assert.InRange(ImageFile.EncodePng(image).Length, 60, image.Pixels.Length / 30);
    }

    [Fact]
    public void Text_is_written_as_the_standard_says()
    {
        byte[] file = ImageFile.EncodePng(new Image(2, 2, 3), [new("step", "1000"), new("note", "schön"), new("title", "雪")]);
        Assert.Contains("tEXtstep\01000", Encoding.Latin1.GetString(file));
        Assert.Contains("tEXtnote\0schön", Encoding.Latin1.GetString(file));
        Assert.Contains("iTXttitle\0\0\0\0\0雪", Encoding.UTF8.GetString(file));
        ImageFile.Decode(file, "x");
        Assert.Throws<ArgumentException>(() => ImageFile.EncodePng(new Image(2, 2, 3), [new("", "x")]));
        Assert.Throws<ArgumentException>(() => ImageFile.EncodePng(new Image(2, 2, 3), [new("a\nb", "x")]));
        Assert.Throws<ArgumentException>(() => ImageFile.EncodePng(new Image(2, 2, 3), [new("a", "x\0")]));
    }

    [Fact]
    public void Saving_replaces_the_file_and_leaves_nothing_else()
    {
        using TemporaryFolder folder = new();
        Image a = new(3, 3, 1), b = new(4, 4, 3);
        ImageFile.SavePng(folder / "x.png", a);
        ImageFile.SavePng(folder / "x.png", b);
        Assert.Equal(4, ImageFile.Load(folder / "x.png").Width);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    /// <summary>Each damage is named for what it is, with the file and the offset.</summary>
    [Theory]
    [InlineData("no end", "ends early: no IEND")]
    [InlineData("bad crc", "checksum of PNG chunk IDAT is wrong")]
    [InlineData("no data", "no IDAT")]
    [InlineData("critical", "critical PNG chunk ABCD is not known")]
    [InlineData("escape", "critical PNG chunk \\x1bBCD is not known")]
    [InlineData("first", "first chunk of a PNG is IHDR, here it is IDAT")]
    [InlineData("second header", "a second IHDR")]
    [InlineData("depth", "no colour type 2 with 4 bits")]
    [InlineData("type", "no colour type 5 with 8 bits")]
    [InlineData("empty", "a PNG of 0 x 4 pixels")]
    [InlineData("huge", "more than the limit")]
    [InlineData("bomb", "bytes of zlib data cannot hold a picture of 8000 x 8000")]
    [InlineData("long data", "go on after the 40 bytes")]
    [InlineData("short data", "end in row 2 of 4")]
    [InlineData("zlib", "zlib data of this PNG are damaged")]
    [InlineData("zlib dictionary", "zlib data of this PNG are damaged")]
    [InlineData("filter", "no row filter 9")]
    [InlineData("palette missing", "has no PLTE chunk")]
    [InlineData("palette index", "colour 1 of a palette of 1")]
    [InlineData("palette size", "a palette of 4 bytes")]
    [InlineData("apart", "not next to each other")]
    public void Damage_is_named(string damage, string message)
    {
        DataException e = Assert.Throws<DataException>(() => ImageFile.Decode(Damaged(damage), "some.png"));
        Assert.StartsWith("some.png: ", e.Message);
        Assert.Contains(message, e.Message);
        Assert.NotNull(e.Offset);
        Assert.DoesNotContain('\n', e.Message);
    }

    /// <summary>What may be left out or ignored does no harm.</summary>
    [Fact]
    public void Unknown_ancillary_chunks_and_bytes_after_the_end_are_passed_over()
    {
        byte[] data = PngParts.Zlib(new byte[40]);
        byte[] unknown = PngParts.Chunk("abCd", [1, 2, 3]);
        byte[] file = [.. PngParts.File(PngParts.Header(3, 4, 8, 2), unknown, PngParts.Chunk("IDAT", data), PngParts.Chunk("IEND", [])), 9, 9];
        Assert.Equal(3, ImageFile.Decode(file, "x").Width);
    }

    /// <summary>The picture whose EXIF block says 6 is shown turned.</summary>
    [Fact]
    public void The_exif_orientation_applies()
    {
        byte[] exif = [(byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
        byte[] data = PngParts.Chunk("IDAT", PngParts.Zlib([0, 10, 20]));
        byte[] file = PngParts.File(PngParts.Header(2, 1, 8, 0), PngParts.Chunk("eXIf", exif), data, PngParts.Chunk("IEND", []));
        Image image = ImageFile.Decode(file, "x");
        Assert.Equal((1, 2), (image.Width, image.Height));
        Assert.Equal([10, 20], image.Pixels);
    }

    static byte[] Damaged(string damage)
    {
        byte[] header = PngParts.Header(3, 4, 8, 2), end = PngParts.Chunk("IEND", []), data = PngParts.Chunk("IDAT", PngParts.Zlib(new byte[40]));
        byte[] bad = [.. data], one = PngParts.Chunk("IDAT", PngParts.Zlib([0, 1]));
        bad[9] ^= 1;
        byte[] filter = new byte[40];
        filter[10] = 9;
        byte[] odd = new byte[40];
        Array.Fill(odd, (byte)0xEE);
        return damage switch
        {
            "no end" => PngParts.File(header, data),
            "bad crc" => PngParts.File(header, bad, end),
            "no data" => PngParts.File(header, end),
            "critical" => PngParts.File(header, PngParts.Chunk("ABCD", []), data, end),
            "escape" => PngParts.File(header, PngParts.Chunk("\u001bBCD", []), data, end),
            "first" => PngParts.File(data, header, end),
            "second header" => PngParts.File(header, header, data, end),
            "depth" => PngParts.File(PngParts.Header(3, 4, 4, 2), data, end),
            "type" => PngParts.File(PngParts.Header(3, 4, 8, 5), data, end),
            "empty" => PngParts.File(PngParts.Header(0, 4, 8, 2), data, end),
            "huge" => PngParts.File(PngParts.Header(60000, 60000, 8, 2), data, end),
            "bomb" => PngParts.File(PngParts.Header(8000, 8000, 8, 2), data, end),
            "long data" => PngParts.File(header, PngParts.Chunk("IDAT", PngParts.Zlib(new byte[41])), end),
            "short data" => PngParts.File(header, PngParts.Chunk("IDAT", PngParts.Zlib(new byte[25])), end),
            "zlib" => PngParts.File(header, PngParts.Chunk("IDAT", odd), end),
            // A preset dictionary: the BCL's zlib does not throw InvalidDataException for everything.
            "zlib dictionary" => PngParts.File(header, PngParts.Chunk("IDAT", [0x78, 0x20, 1, 2, 3, 4, 5, 6, 7, 8]), end),
            "filter" => PngParts.File(header, PngParts.Chunk("IDAT", PngParts.Zlib(filter)), end),
            "palette missing" => PngParts.File(PngParts.Header(1, 1, 8, 3), PngParts.Chunk("IDAT", PngParts.Zlib([0, 0])), end),
            "palette index" => PngParts.File(PngParts.Header(1, 1, 8, 3), PngParts.Chunk("PLTE", [1, 2, 3]), one, end),
            "palette size" => PngParts.File(PngParts.Header(1, 1, 8, 3), PngParts.Chunk("PLTE", [1, 2, 3, 4]), one, end),
            _ => PngParts.File(header, PngParts.Chunk("IDAT", PngParts.Zlib(new byte[40])[..4]), PngParts.Chunk("tIME", []), data, end),
        };
    }
}

/// <summary>Builds PNG files from parts, also wrong ones.</summary>
static class PngParts
{
    public static byte[] File(params byte[][] chunks) => [.. PngReader.Signature, .. chunks.SelectMany(c => c)];

    public static byte[] Chunk(string type, byte[] data)
    {
        byte[] typeAndData = [.. Encoding.Latin1.GetBytes(type), .. data];
        return [.. BigEndian((uint)data.Length), .. typeAndData, .. BigEndian(Crc32.Of(typeAndData))];
    }

    public static byte[] Header(uint w, uint h, byte depth, byte colour) => Chunk("IHDR", [.. BigEndian(w), .. BigEndian(h), depth, colour, 0, 0, 0]);

    public static byte[] Zlib(byte[] data)
    {
        using MemoryStream stream = new();
        using (System.IO.Compression.ZLibStream zlib = new(stream, System.IO.Compression.CompressionLevel.Optimal))
        {
            zlib.Write(data);
        }
        return stream.ToArray();
    }

    static byte[] BigEndian(uint v)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, v);
        return bytes;
    }
}
