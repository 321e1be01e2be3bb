using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Images;

[Quick]
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

    /// <summary>Colours under transparent pixels are kept, and a picture has no part that depends on the time or the machine.</summary>
    [Fact]
    public void Alpha_is_written_as_it_is_and_the_file_holds_nothing_else()
    {
        byte[] file = ImageFile.EncodePng(new Image(2, 1, 4, [9, 8, 7, 0, 1, 2, 3, 128]));
        Assert.Equal([9, 8, 7, 0, 1, 2, 3, 128], ImageFile.Decode(file, "x").Pixels);
        List<string> chunks = [];
        for (int at = 8; at < file.Length; at += 12 + BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at)))
            chunks.Add(Encoding.Latin1.GetString(file, at + 4, 4));
        Assert.Equal(["IHDR", "IDAT", "IEND"], chunks);
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
        ImageFile.Save(folder / "x.png", a);
        ImageFile.Save(folder / "x.png", b);
        Assert.Equal(4, TestData.Load(folder / "x.png").Width);
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
    [InlineData("empty", "an image of 0 x 4 pixels")]
    [InlineData("huge", "more than the limit")]
    [InlineData("bomb", "bytes of zlib data cannot hold a picture of 8000 x 8000")]
    [InlineData("long data", "go on after the 40 bytes")]
    [InlineData("short data", "end after 25 of the 40 bytes")]
    [InlineData("zlib", "zlib data of this PNG are damaged")]
    [InlineData("zlib dictionary", "zlib data of this PNG are damaged")]
    [InlineData("filter", "cannot be decoded")]
    [InlineData("palette missing", "has no PLTE chunk")]
    [InlineData("palette size", "a palette of 4 bytes")]
    [InlineData("apart", "not next to each other")]
    public void Damage_is_named(string damage, string message)
    {
        DataException e = Assert.Throws<DataException>(() => ImageFile.Decode(Damaged(damage), "some.png"));
        Assert.StartsWith("some.png: ", e.Message);
        Assert.Contains(message, e.Message);
        Assert.DoesNotContain('\n', e.Message);
    }

    /// <summary>What may be left out or ignored does no harm.</summary>
    [Fact]
    public void Unknown_ancillary_chunks_and_bytes_after_the_end_are_passed_over()
    {
        byte[] data = PngParts.Zlib(new byte[40]);
        byte[] unknown = PngParts.Chunk("abCd", [1, 2, 3]);
        byte[] file = [.. PngParts.File(PngParts.Header(3, 4, 8, 2), unknown, PngParts.Chunk("IDAT", data), PngParts.Chunk("IEND", [])), 9,
            9];
        Assert.Equal(3, ImageFile.Decode(file, "x").Width);
    }

    /// <summary>As libpng shows it; a decoder that looks behind the end of the palette shows what lies there in memory.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_colour_beyond_the_palette_is_black(byte interlace)
    {
        byte[] header = PngParts.Header(2, 1, 8, 3);
        header[20] = interlace;
        byte[] raw = interlace == 0 ? [0, 0, 200] : [0, 0, 0, 200];
        byte[] file = PngParts.File(PngParts.Chunk("IHDR", header[8..21]), PngParts.Chunk("PLTE", [1, 2, 3]),
            PngParts.Chunk("IDAT", PngParts.Zlib(raw)), PngParts.Chunk("IEND", []));
        Assert.Equal([1, 2, 3, 0, 0, 0], ImageFile.Decode(file, "x").Pixels);
    }

    /// <summary>Texts may unpack to anything, and make no picture.</summary>
    [Fact]
    public void Packed_texts_and_profiles_are_not_unpacked()
    {
        byte[] bomb = PngParts.Zlib(new byte[50_000_000]);
        byte[] text = PngParts.Chunk("zTXt", [(byte)'a', 0, 0, .. bomb]), profile = PngParts.Chunk("iCCP", [(byte)'a', 0, 0, .. bomb]);
        byte[] file = PngParts.File(PngParts.Header(3, 4, 8, 2), text, profile, PngParts.Chunk("IDAT", PngParts.Zlib(new byte[40])),
            PngParts.Chunk("IEND", []));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(3, ImageFile.Decode(file, "x").Width);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
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
        byte[] header = PngParts.Header(3, 4, 8, 2), end = PngParts.Chunk("IEND", []),
            data = PngParts.Chunk("IDAT", PngParts.Zlib(new byte[40]));
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
            "palette size" => PngParts.File(PngParts.Header(1, 1, 8, 3), PngParts.Chunk("PLTE", [1, 2, 3, 4]), one, end),
            _ => PngParts.File(header, PngParts.Chunk("IDAT", PngParts.Zlib(new byte[40])[..4]), PngParts.Chunk("tIME", []), data, end),
        };
    }
}

/// <summary>Builds PNG files from parts, also wrong ones.</summary>
static class PngParts
{
    public static byte[] File(params byte[][] chunks) => [.. PngFile.Signature, .. chunks.SelectMany(c => c)];

    public static byte[] Chunk(string type, byte[] data)
    {
        byte[] typeAndData = [.. Encoding.Latin1.GetBytes(type), .. data];
        return [.. BigEndian((uint)data.Length), .. typeAndData, .. BigEndian(Crc32.HashToUInt32(typeAndData))];
    }

    public static byte[] Header(uint w, uint h, byte depth, byte colour) =>
        Chunk("IHDR", [.. BigEndian(w), .. BigEndian(h), depth, colour, 0, 0, 0]);

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
