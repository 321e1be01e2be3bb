using System.Globalization;

namespace Sagan.Native.Commands;

/// <summary>A row and a column, as an option gives them: 12,20.</summary>
static class PointOption
{
    /// <summary>The point; null where the option is not given.</summary>
    public static (int Row, int Column)? Read(string option, string? text) => text == null ? null : Point(option, text);

    /// <summary>The point that the option's text says.</summary>
    public static (int Row, int Column) Point(string option, string text)
    {
        string[] parts = text.Split(',');
        return parts.Length == 2 && Whole(parts[0], out int row) && Whole(parts[1], out int column) ? (row, column)
            : throw new UsageException($"{option} {text}: must be a row and a column, from 0, such as 12,20.");

        static bool Whole(string s, out int n) => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out n);
    }
}
