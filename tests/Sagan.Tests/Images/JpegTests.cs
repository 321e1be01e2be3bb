using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Images;

[Quick]
public class JpegTests
{
    public static IEnumerable<object[]> Names => ImageGolden.Names("jpeg", ".jpg");

    /// <summary>
    /// Baseline and progressive, 16 samplings, restarts, separate scans, RGB, EXIF orientations 1 to 8, against Pillow (libjpeg-turbo). Two
    /// things differ. The inverse transform and the conversion of colours are in float, not in integers: up to 3 levels, 0.07 in the mean.
    /// And where colours are stored at half the width, the height or both, they are repeated, where libjpeg draws a line between them
    /// ("fancy upsampling"): at the edges of these pictures, which are all edges and of full colours, up to 133 levels, and 17 in the mean;
    /// the brightness, where all of it is stored, stays within 3 in the mean.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Pixels_are_those_of_libjpeg_turbo(string name)
    {
        byte[] file = ImageGolden.File($"jpeg/{name}.jpg");
        Image expected = ImageGolden.Pixels($"jpeg/{name}.pixels"), actual = ImageFile.Decode(file, name);
        Assert.Equal((expected.Width, expected.Height, expected.Channels), (actual.Width, actual.Height, actual.Channels));
        bool repeats = HasHalfColours(file, out bool allBrightness);
        (int most, double mean) = Differences(expected, actual);
        Assert.True(most <= (repeats ? 133 : 3) && mean <= (repeats ? 17 : 0.07), $"at most {most}, {mean} in the mean");
        if (!allBrightness) return;
        (most, mean) = Differences(expected.ToChannels(1), actual.ToChannels(1));
        Assert.True(most <= (repeats ? 40 : 3) && mean <= (repeats ? 3 : 0.07), $"brightness: at most {most}, {mean} in the mean");
    }

    static (int Most, double Mean) Differences(Image a, Image b)
    {
        int[] differences = [.. a.Pixels.Zip(b.Pixels, (x, y) => Math.Abs(x - y))];
        return (differences.Max(), differences.Average());
    }

    /// <summary>Whether a component has half the columns, half the rows, or both, of another; by the start of the frame.</summary>
    static bool HasHalfColours(byte[] file, out bool allBrightness)
    {
        int sof = Enumerable.Range(0, file.Length - 1).First(i => file[i] == 0xFF && file[i + 1] is 0xC0 or 0xC2);
        (int H, int V)[] factors = [.. Enumerable.Range(0, file[sof + 9]).Select(i => file[sof + 11 + 3 * i])
            .Select(f => (f >> 4, f & 15))];
        int h = factors.Max(f => f.H), v = factors.Max(f => f.V);
        allBrightness = factors[0] == (h, v);
        return factors.Any(f => (h / f.H, v / f.V) is (2, 1) or (1, 2) or (2, 2));
    }

    /// <summary>A cut at every byte is an error, never half a picture.</summary>
    [Theory]
    [InlineData("p-420-33x21")]
    [InlineData("p-420-33x21-progressive")]
    [InlineData("restart-1")]
    [InlineData("scans")]
    public void Cut_files_are_errors(string name)
    {
        byte[] file = ImageGolden.File($"jpeg/{name}.jpg");
        for (int length = 0; length < file.Length; length++)
        {
            DataException e = Assert.Throws<DataException>(() => ImageFile.Decode(file[..length], "cut.jpg"));
            Assert.StartsWith("cut.jpg: ", e.Message);
        }
    }

    /// <summary>With data missing in the middle of a scan the markers still follow one another: only counting the codes tells.</summary>
    [Theory]
    [InlineData("p-420-33x21")]
    [InlineData("p-420-33x21-progressive")]
    [InlineData("p-grey")]
    [InlineData("restart-2")]
    [InlineData("scans")]
    public void Scans_that_end_early_are_errors_although_the_end_marker_is_there(string name)
    {
        byte[] file = ImageGolden.File($"jpeg/{name}.jpg");
        int end = file.Length - 2, scan = file.AsSpan().LastIndexOf((ReadOnlySpan<byte>)[0xFF, 0xDA]);
        int start = scan + 2 + file[scan + 3];
        for (int cut = start; cut < end - 1; cut++)
        {
            if (file[cut - 1] == 0xFF) continue;
            byte[] mended = [.. file[..cut], 0xFF, 0xD9];
            DataException e = Assert.Throws<DataException>(() => ImageFile.Decode(mended, "cut.jpg"));
            Assert.Matches("early|restart marker . of the JPEG is missing", e.Message);
        }
    }

    [Fact]
    public void Bytes_after_the_end_and_before_a_marker_are_passed_over()
    {
        byte[] file = ImageGolden.File("jpeg/p-444-16x16.jpg");
        byte[] expected = ImageFile.Decode(file, "x").Pixels;
        Assert.Equal(expected, ImageFile.Decode([.. file, 1, 2, 3], "x").Pixels);
        Assert.Equal(expected, ImageFile.Decode([.. file[..^2], 0xFF, .. file[^2..]], "x").Pixels);
        Assert.Equal(expected, ImageFile.Decode([.. file[..^2], 0, 0, .. file[^2..]], "x").Pixels);
    }

    [Theory]
    [InlineData(0xC9, 8, 3, "a JPEG with arithmetic coding")]
    [InlineData(0xC3, 8, 3, "a lossless JPEG")]
    [InlineData(0xC5, 8, 3, "a hierarchical JPEG")]
    [InlineData(0xC1, 12, 3, "a 12-bit JPEG")]
    [InlineData(0xC0, 8, 2, "a JPEG of 2 components")]
    public void Rare_kinds_are_refused_by_name_with_the_way_out(int marker, int precision, int components, string message)
    {
        byte[] file = ImageGolden.File("jpeg/p-444-16x16.jpg");
        int sof = Enumerable.Range(0, file.Length - 1).First(i => file[i] == 0xFF && file[i + 1] == 0xC0);
        IEnumerable<byte> parts = Enumerable.Range(1, components).SelectMany(i => new byte[] { (byte)i, 0x11, 0 });
        byte[] header = [0xFF, (byte)marker, 0, (byte)(8 + 3 * components), (byte)precision, 0, 16, 0, 16, (byte)components, .. parts];
        DataException e = Assert.Throws<DataException>(() =>
            ImageFile.Decode([.. file[..sof], .. header, .. file[(sof + 19)..]], "odd.jpg"));
        Assert.Contains(message + " is not read: convert it to PNG or JPEG", e.Message);
        Assert.Equal(sof + 2, e.Offset);
    }

    /// <summary>A small file that claims a large picture is refused before memory is taken.</summary>
    [Fact]
    public void A_claim_that_the_file_cannot_hold_takes_no_memory()
    {
        byte[] file = ImageGolden.File("jpeg/p-444-16x16-progressive.jpg");
        int sof = Enumerable.Range(0, file.Length - 1).First(i => file[i] == 0xFF && file[i + 1] == 0xC2);
        (file[sof + 5], file[sof + 6], file[sof + 7], file[sof + 8]) = (0x20, 0, 0x20, 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        DataException e = Assert.Throws<DataException>(() => ImageFile.Decode(file, "big.jpg"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Contains("cannot hold 8192 x 8192 pixels", e.Message);
    }

    [Fact]
    public void A_damaged_exif_block_is_no_reason_to_refuse_the_picture()
    {
        byte[] file = ImageGolden.File("jpeg/exif-6.jpg");
        int exif = Enumerable.Range(0, file.Length - 4)
            .First(i => file[i] == 'E' && file[i + 1] == 'x' && file[i + 2] == 'i' && file[i + 3] == 'f');
        for (int i = exif + 6; i < exif + 26; i++)
        {
            byte[] damaged = [.. file];
            damaged[i] = 0xFF;
            Image image = ImageFile.Decode(damaged, "x");
            Assert.Equal(24 * 16, image.Width * image.Height);
        }
    }
}
