using Sagan.Native.Data;
using Sagan.Native.Images;

namespace Sagan.Native.Tests.Images;

/// <summary>What this project's readers refuse: decoded by the optional package where the build has it, refused by name where not.</summary>
public class ImageSharpSeamTests
{
    /// <summary>True where this build has the package SixLabors.ImageSharp.</summary>
    public static bool IsPresent { get; } = typeof(ImageFile).Assembly.GetReferencedAssemblies().Any(a => a.Name == "SixLabors.ImageSharp");

    /// <summary>2x2 pixels of 24 bits, rows from the bottom, BGR.</summary>
    static readonly byte[] Bmp =
    [
        (byte)'B', (byte)'M', 70, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0,
        40, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        3, 2, 1, 6, 5, 4, 0, 0, 9, 8, 7, 12, 11, 10, 0, 0,
    ];

    [Fact]
    public void A_bitmap_is_decoded_or_refused_by_name()
    {
        if (IsPresent)
        {
            Assert.Equal([7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6], ImageFile.Decode(Bmp, "x.bmp").ToChannels(3).Pixels);
        }
        else
        {
            DataException e = Assert.Throws<DataException>(() => ImageFile.Decode(Bmp, "x.bmp"));
            Assert.Equal("x.bmp: BMP is not read by this build: convert it to PNG or JPEG, or build with the package SixLabors.ImageSharp", e.Message);
        }
    }

    [Theory]
    [InlineData("GIF", "474946383961")]
    [InlineData("WebP", "52494646000000005745425056503820")]
    [InlineData("TIFF", "49492a0008000000")]
    [InlineData("HEIC", "000000186674797068656963")]
    [InlineData("AVIF", "000000186674797061766966")]
    [InlineData("JPEG 2000", "0000000c6a5020200d0a870a")]
    [InlineData("JPEG XL", "ff0a0000")]
    [InlineData("Photoshop", "38425053000100")]
    [InlineData("ICO", "0000010001001010")]
    [InlineData("PNM", "50360a3120310a3235350a000000")]
    public void Other_formats_are_known_by_content(string format, string hex)
    {
        byte[] file = Convert.FromHexString(hex);
        Assert.Equal(format, ImageFormat.Of(file));
        Exception? e = Record.Exception(() => ImageFile.Decode(file, "photo.jpg"));
        if (IsPresent)
        {
            Assert.True(e is null or DataException, e?.ToString());
        }
        else
        {
            Assert.StartsWith($"photo.jpg: {format} is not read by this build: ", Assert.IsType<DataException>(e).Message);
        }
    }

    /// <summary>Damage in a format that is read here is never glossed over by the package.</summary>
    [Fact]
    public void A_damaged_file_is_an_error_with_and_without_the_package()
    {
        byte[] file = ImageGolden.File("jpeg/p-420-33x21.jpg");
        Assert.Contains("ends early", Assert.Throws<DataException>(() => ImageFile.Decode(file[..^30], "x")).Message);
    }
}
