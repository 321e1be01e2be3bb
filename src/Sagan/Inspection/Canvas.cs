using Sagan.Native.Data.Images;

namespace Sagan.Native.Inspection;

/// <summary>A colour.</summary>
readonly record struct Colour(byte R, byte G, byte B);

/// <summary>A picture to draw on: rectangles, other pictures in a multiple of their size, and text of 5 x 7 dots.</summary>
sealed class Canvas
{
    /// <summary>Of text: a dot is two pixels, a letter six dots wide with the gap behind it.</summary>
    public const int Dot = 2, LetterWidth = 6 * Dot, LetterHeight = 7 * Dot;

    public Canvas(int width, int height, Colour ground)
    {
        Picture = new Image(width, height, 3);
        Fill(0, 0, width, height, ground);
    }

    /// <summary>What was drawn.</summary>
    public Image Picture { get; }

    /// <summary>A rectangle; what is outside of the picture is left out.</summary>
    public void Fill(int x, int y, int width, int height, Colour c)
    {
        for (int row = Math.Max(0, y); row < Math.Min(Picture.Height, y + height); row++)
            for (int column = Math.Max(0, x); column < Math.Min(Picture.Width, x + width); column++) Set(column, row, c);
    }

    /// <summary>The edge of a rectangle, inwards.</summary>
    public void Frame(int x, int y, int width, int height, int thickness, Colour c)
    {
        Fill(x, y, width, thickness, c);
        Fill(x, y + height - thickness, width, thickness, c);
        Fill(x, y, thickness, height, c);
        Fill(x + width - thickness, y, thickness, height, c);
    }

    /// <summary>A square of so many pixels, each of the colour that a function gives for it.</summary>
    public void Paint(int x, int y, int side, Func<int, int, Colour> colour)
    {
        for (int row = 0; row < side; row++)
            for (int column = 0; column < side; column++) Set(x + column, y + row, colour(row, column));
    }

    /// <summary>A line of text; a letter that has no dots is a full box.</summary>
    public void Text(int x, int y, string text, Colour c)
    {
        foreach (char letter in text)
        {
            ReadOnlySpan<byte> columns = Glyphs.Of(letter);
            for (int i = 0; i < columns.Length; i++)
                for (int j = 0; j < 7; j++)
                    if ((columns[i] >> j & 1) != 0) Fill(x + i * Dot, y + j * Dot, Dot, Dot, c);
            x += LetterWidth;
        }
    }

    void Set(int x, int y, Colour c)
    {
        int at = (y * Picture.Width + x) * 3;
        (Picture.Pixels[at], Picture.Pixels[at + 1], Picture.Pixels[at + 2]) = (c.R, c.G, c.B);
    }
}
