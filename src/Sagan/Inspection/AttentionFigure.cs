using System.Globalization;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Inspection;

/// <summary>One sample in a figure: its picture, and the maps of some of its pixels in one layer.</summary>
/// <param name="Image">The picture.</param>
/// <param name="Attention">What the layer computed.</param>
/// <param name="Sample">Which of its samples.</param>
/// <param name="Queries">Row Size + column of each pixel.</param>
/// <param name="Head">Which head; null: the mean of all.</param>
public sealed record FigureRow(Image Image, CapturedAttention Attention, int Sample, IReadOnlyList<int> Queries, int? Head = null)
{
    /// <summary>What stands below the picture: its class, for example.</summary>
    public string Label { get; init; } = "";

    /// <summary>The gradients of each query, which take two more rows; empty for none.</summary>
    public IReadOnlyList<Microscope> Microscope { get; init; } = [];
}

/// <summary>
/// The figure of the paper (Zhang et al. 2019, figure 5): an image with coloured points, and beside it for each point the map of where it
/// looks, framed in its colour and labelled with its number, its row and column, and the largest weight. A map is drawn over the darkened
/// image, from nothing at 0 to yellow at its largest weight, which has the label's per cent.
/// </summary>
public static class AttentionFigure
{
    // Of a cell at least; between cells; of a line of text.
    const int LeastCell = 160, Gap = 8, Line = Canvas.LetterHeight + 6;

    static readonly Colour ground = new(0x12, 0x16, 0x1D), ink = new(0xE7, 0xEA, 0xEE), soft = new(0xB4, 0xBC, 0xC8);

    // Told apart with any kind of colour vision, and at least 4.5 to 1 on the ground (after Okabe and Ito 2008).
    static readonly Colour[] colours =
    [
        new(0xE6, 0x9F, 0x00), new(0x56, 0xB4, 0xE9), new(0x3D, 0xD0, 0x9A), new(0xF0, 0xE4, 0x42), new(0xE5, 0x95, 0xC4),
        new(0xFF, 0x7A, 0x45),
    ];

    // Black, violet, red, orange, yellow: brighter from each to the next.
    static readonly Colour[] heat =
        [new(0x00, 0x00, 0x04), new(0x57, 0x10, 0x6E), new(0xBC, 0x37, 0x54), new(0xF9, 0x8E, 0x09), new(0xFC, 0xFF, 0xA4)];

    /// <summary>Width and height of the figure of rows.</summary>
    internal static (int Width, int Height) Size(IReadOnlyList<FigureRow> rows, string? title = null)
    {
        (int cell, int columns) = (Cell(rows), 1 + rows.Max(r => r.Queries.Count));
        int height = Gap + (title == null ? 0 : Line);
        for (int i = 0; i < rows.Count; i++)
            height += (HasHeader(rows, i) ? Line : 0) + (rows[i].Microscope.Count > 0 ? 3 : 1) * (cell + Line) + Gap;
        return (Gap + columns * (cell + Gap), height);
    }

    /// <summary>About how many bytes the PNG of a figure has at most: rows of samples of one size, with so many points each.</summary>
    internal static long MostBytes(int imageSize, int rows, int points)
    {
        long times = Math.Max(1, (LeastCell + imageSize - 1) / imageSize), cell = imageSize * times;
        return rows * (points + 1L) * cell * cell * 3 / times + 10_000;
    }

    /// <summary>Draws the rows, one below the other.</summary>
    /// <param name="rows">At least one; their images have one size.</param>
    /// <param name="title">A line on top; null for none.</param>
    public static Image Draw(IReadOnlyList<FigureRow> rows, string? title = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(rows.Count);
        (int width, int height) = Size(rows, title);
        int cell = Cell(rows), y = Gap;
        Canvas canvas = new(width, height, ground);
        if (title != null)
        {
            canvas.Text(Gap, y, Short(title, width - 2 * Gap), ink);
            y += Line;
        }
        for (int i = 0; i < rows.Count; i++)
        {
            FigureRow row = rows[i];
            if (HasHeader(rows, i))
            {
                canvas.Text(Gap, y, Short(Header(row), width - 2 * Gap), ink);
                y += Line;
            }
            DrawSample(canvas, row, y, cell);
            y += cell + Line;
            if (row.Microscope.Count > 0)
            {
                DrawGradients(canvas, row, y, cell, "attention", m => m.ImageAttention is { Length: > 0 } a ? a : m.Attention,
                    m => m.AttentionShare);
                y += cell + Line;
                DrawGradients(canvas, row, y, cell, "convolutions", m => m.ImageConvolutions is { Length: > 0 } a ? a : m.Convolutions,
                    m => m.AttentionGradient.Length == 0 ? 0 : 1 - m.AttentionShare);
                y += cell + Line;
            }
            y += Gap;
        }
        return canvas.Picture;
    }

    static int Cell(IReadOnlyList<FigureRow> rows) =>
        rows[0].Image.Width * Math.Max(1, (LeastCell + rows[0].Image.Width - 1) / rows[0].Image.Width);

    // Where the layer or the head changes.
    static bool HasHeader(IReadOnlyList<FigureRow> rows, int i) =>
        i == 0 || rows[i].Attention.Layer != rows[i - 1].Attention.Layer || rows[i].Head != rows[i - 1].Head;

    static string Header(FigureRow row)
    {
        AttentionLayer l = row.Attention.Layer;
        string head = l.Heads == 1 ? "" : row.Head is { } h ? $", head {h}" : ", mean of the heads";
        return string.Create(CultureInfo.InvariantCulture,
            $"{l}{head}, gamma {row.Attention.Gamma:0.000}, even would be {Percent(1f / (l.Size * l.Size))}");
    }

    static void DrawSample(Canvas canvas, FigureRow row, int y, int cell)
    {
        int size = row.Attention.Layer.Size;
        canvas.Paint(Gap, y, cell, (r, c) => At(row.Image, r, c, cell));
        canvas.Text(Gap, y + cell + 4, Short(row.Label, cell), soft);
        for (int i = 0; i < row.Queries.Count; i++)
        {
            (int query, Colour colour) = (row.Queries[i], colours[i % colours.Length]);
            (int r, int c) = (query / size, query % size);
            Mark(canvas, Gap, y, cell, size, query, colour);
            float[] map = row.Attention.Map(row.Sample, row.Head, query);
            int x = Gap + (i + 1) * (cell + Gap);
            Overlay(canvas, row.Image, map, x, y, cell, colour);
            Mark(canvas, x, y, cell, size, query, colour);
            canvas.Text(x, y + cell + 4, Short($"{i + 1}: {r},{c} {Percent(map.Max())}", cell), colour);
        }
        List<(int Left, int Top, int Width, int Height)> taken = [.. row.Queries.Select(q =>
        {
            (int left, int top, int side) = Square(Gap, y, cell, size, q);
            return (left, top, side, side);
        })];
        for (int i = 0; i < row.Queries.Count; i++) Number(canvas, Gap, y, cell, i, taken);
    }

    static void DrawGradients(Canvas canvas, FigureRow row, int y, int cell, string name, Func<Microscope, float[]> part,
        Func<Microscope, double> share)
    {
        string[] words = ["gradient", "through", name];
        for (int i = 0; i < words.Length; i++) canvas.Text(Gap, y + cell / 2 + (i - 2) * Line, Short(words[i], cell), ink);
        for (int i = 0; i < row.Microscope.Count; i++)
        {
            (Microscope m, Colour colour, int x) = (row.Microscope[i], colours[i % colours.Length], Gap + (i + 1) * (cell + Gap));
            Overlay(canvas, row.Image, part(m), x, y, cell, colour);
            Mark(canvas, x, y, cell, row.Attention.Layer.Size, m.Query, colour);
            canvas.Text(x, y + cell + 4, Short($"{i + 1}: {Percent((float)share(m))}", cell), colour);
        }
    }

    static void Overlay(Canvas canvas, Image image, float[] map, int x, int y, int cell, Colour frame)
    {
        int side = (int)Math.Round(Math.Sqrt(map.Length));
        float most = map.Max();
        canvas.Paint(x, y, cell, (r, c) =>
        {
            Colour under = At(image, r, c, cell);
            int grey = (under.R * 77 + under.G * 150 + under.B * 29) * 2 / 5 >> 8;
            float t = most == 0 ? 0 : map[r * side / cell * side + c * side / cell] / most;
            Colour hot = Heat(t);
            return new Colour(Mix(grey, hot.R, t), Mix(grey, hot.G, t), Mix(grey, hot.B, t));
        });
        canvas.Frame(x - 2, y - 2, cell + 4, cell + 4, 2, frame);
    }

    // At a tenth of the largest weight half of it is there: a weak weight is seen, 0 is the dark image, and the image is seen everywhere.
    static byte Mix(int under, int over, float t)
    {
        float alpha = 0.8f * Math.Min(1, 5 * t);
        return (byte)(under + (over - under) * alpha);
    }

    static Colour Heat(float t)
    {
        float at = Math.Clamp(t, 0, 1) * (heat.Length - 1);
        int i = Math.Min((int)at, heat.Length - 2);
        return new Colour(Between(heat[i].R, heat[i + 1].R), Between(heat[i].G, heat[i + 1].G), Between(heat[i].B, heat[i + 1].B));

        byte Between(byte a, byte b) => (byte)(a + (b - a) * (at - i));
    }

    static void Mark(Canvas canvas, int x, int y, int cell, int size, int query, Colour colour)
    {
        (int left, int top, int side) = Square(x, y, cell, size, query);
        canvas.Frame(left - 1, top - 1, side + 2, side + 2, 1, new Colour(0, 0, 0));
        canvas.Frame(left, top, side, side, Math.Max(2, side / 5), colour);
    }

    // Beside its square, where nothing else is, and on the image.
    static void Number(Canvas canvas, int x, int y, int cell, int number, List<(int Left, int Top, int Width, int Height)> taken)
    {
        const int Width = Canvas.LetterWidth, Height = Canvas.LetterHeight + 2;
        (int left, int top, int side, _) = taken[number];
        (int middle, int beside) = (top + side / 2 - Height / 2, left + side / 2 - Width / 2);
        (int X, int Y)[] places =
        [
            (left + side + 1, middle), (left - Width - 1, middle), (beside, top - Height - 1), (beside, top + side + 1),
            (left + side + 1, top - Height - 1), (left - Width - 1, top + side + 1),
        ];
        bool IsFree((int X, int Y) p) => p.X >= x && p.Y >= y && p.X + Width <= x + cell && p.Y + Height <= y + cell
            && taken.All(t => p.X >= t.Left + t.Width || t.Left >= p.X + Width || p.Y >= t.Top + t.Height || t.Top >= p.Y + Height);
        (int atX, int atY) = places.Where(IsFree).FirstOrDefault(places[left + side / 2 < x + cell / 2 ? 0 : 1]);
        taken.Add((atX, atY, Width, Height));
        canvas.Fill(atX, atY, Width, Height, new Colour(0, 0, 0));
        canvas.Text(atX + 1, atY + 1, $"{number + 1}", colours[number % colours.Length]);
    }

    // At least 6 pixels, so that it can be seen in a large map.
    static (int Left, int Top, int Side) Square(int x, int y, int cell, int size, int query)
    {
        int side = Math.Max(6, cell / size), left = x + query % size * cell / size, top = y + query / size * cell / size;
        return (Math.Min(left, x + cell - side), Math.Min(top, y + cell - side), side);
    }

    static Colour At(Image image, int row, int column, int cell)
    {
        int at = (row * image.Height / cell * image.Width + column * image.Width / cell) * image.Channels;
        byte[] p = image.Pixels;
        return image.Channels >= 3 ? new Colour(p[at], p[at + 1], p[at + 2]) : new Colour(p[at], p[at], p[at]);
    }

    static string Percent(float share) => (100 * share).ToString(share < 0.0995f ? "0.0" : "0", CultureInfo.InvariantCulture) + "%";

    static string Short(string text, int width) => text.Length * Canvas.LetterWidth <= width ? text : text[..(width / Canvas.LetterWidth)];
}
