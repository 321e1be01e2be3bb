using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests.Images;

[Quick]
public class ResizeTests
{
    public static IEnumerable<object[]> Names => ImageGolden.Names("resize", ".from");

    [Theory]
    [MemberData(nameof(Names))]
    public void Resizing_is_that_of_Pillow(string name)
    {
        Image expected = ImageGolden.Pixels($"resize/{name}.to");
        Image actual = Resize.To(ImageGolden.Pixels($"resize/{name}.from"), expected.Width, expected.Height);
        Assert.Equal(expected.Pixels, actual.Pixels);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_flat_picture_stays_flat_and_channels_stay_apart(int channels)
    {
        Image image = new(37, 21, channels);
        for (int i = 0; i < image.Pixels.Length; i++)
        {
            image.Pixels[i] = (byte)(255 - 60 * (i % channels));
        }
        foreach ((int w, int h) in new[] { (8, 8), (64, 64), (1, 1), (37, 5), (100, 21) })
        {
            Image resized = Resize.To(image, w, h);
            Assert.Equal((w, h, channels), (resized.Width, resized.Height, resized.Channels));
            Assert.All(Enumerable.Range(0, resized.Pixels.Length), i => Assert.Equal(255 - 60 * (i % channels), resized.Pixels[i]));
        }
    }

    [Fact]
    public void The_crop_is_the_middle()
    {
        Image image = new(5, 3, 1, [.. Enumerable.Range(0, 15).Select(i => (byte)i)]);
        Assert.Equal([1, 2, 3, 6, 7, 8, 11, 12, 13], Resize.CentreCrop(image).Pixels);
        Assert.Equal([6, 7], Resize.CentreCrop(image, 2, 1).Pixels);
        Assert.Same(image, Resize.CentreCrop(image, 9, 9));
    }

    [Fact]
    public void Alpha_is_composited_over_white()
    {
        Image image = new(3, 1, 4, [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 51]);
        Assert.Equal([10, 20, 30, 255, 255, 255, 204, 224, 244], image.ToChannels(3).Pixels);
        Assert.Equal([50, 255, 214], new Image(3, 1, 2, [50, 255, 50, 0, 50, 51]).ToChannels(1).Pixels);
        Assert.Equal([76, 150, 29, 255], new Image(4, 1, 3, [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]).ToChannels(1).Pixels);
        Assert.Equal([7, 7, 7], new Image(1, 1, 1, [7]).ToChannels(3).Pixels);
        Assert.Throws<ArgumentOutOfRangeException>(() => image.ToChannels(2));
    }

    [Fact]
    public void Bytes_become_the_range_of_tanh_and_come_back()
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)], back = new byte[256];
        float[] x = new float[256];
        PixelRange.ToSigned(bytes, x);
        Assert.Equal(-1, x[0]);
        Assert.Equal(1, x[255]);
        Assert.Equal((float)(100 * 2.0 / 255 - 1), x[100]);
        PixelRange.ToBytes(x, back);
        Assert.Equal(bytes, back);
        PixelRange.ToBytes([-5, 5, 0, float.NaN, float.NegativeInfinity, float.PositiveInfinity], back);
        Assert.Equal([0, 255, 128, 0, 0, 255], back[..6]);
        Image[] images = PixelRange.ToImages(x, 8, 8, 2);
        Assert.Equal(2, images.Length);
        Assert.Equal(bytes[128..], images[1].Pixels);
    }

    [Fact]
    public void A_grid_has_rows_of_eight_and_two_pixels_between()
    {
        Image[] images = [.. Enumerable.Range(0, 10).Select(i => new Image(4, 3, 1, [.. Enumerable.Repeat((byte)(i + 1), 12)]))];
        Image grid = ImageGrid.Of(images);
        Assert.Equal((8 * 6 + 2, 2 * 5 + 2, 1), (grid.Width, grid.Height, grid.Channels));
        Assert.Equal(0, grid.Pixels[1 * grid.Width + 3]);
        Assert.Equal(1, grid.Pixels[2 * grid.Width + 2]);
        Assert.Equal(0, grid.Pixels[2 * grid.Width + 6]);
        Assert.Equal(2, grid.Pixels[2 * grid.Width + 8]);
        Assert.Equal(10, grid.Pixels[9 * grid.Width + 11]);
        Assert.Equal(0, grid.Pixels[9 * grid.Width + 14]);
        Assert.Equal((2 + 3 * 6, 5 + 2), (ImageGrid.Of(images[..3]).Width, ImageGrid.Of(images[..3]).Height));
        Assert.Equal(3, ImageGrid.Of([images[0], new Image(4, 3, 3)]).Channels);
        Assert.Throws<ArgumentException>(() => ImageGrid.Of([images[0], new Image(3, 3, 1)]));
        Assert.Throws<ArgumentException>(() => ImageGrid.Of([]));
    }

    [Fact]
    public void A_grid_of_images_with_alpha_keeps_it_and_is_transparent_between_them()
    {
        Image grid = ImageGrid.Of([new Image(1, 1, 4, [9, 8, 7, 6]), new Image(1, 1, 2, [5, 4]), new Image(1, 1, 3, [1, 2, 3])],
            padding: 1);
        Assert.Equal((7, 3, 4), (grid.Width, grid.Height, grid.Channels));
        byte[] row = grid.Pixels[28..56];
        Assert.Equal([0, 0, 0, 0, 9, 8, 7, 6, 0, 0, 0, 0, 5, 5, 5, 4, 0, 0, 0, 0, 1, 2, 3, 255, 0, 0, 0, 0], row);
        Assert.Equal(grid.Pixels, ImageFile.Decode(ImageFile.EncodePng(grid), "x").Pixels);
    }
}
