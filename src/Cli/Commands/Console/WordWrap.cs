using System.Text;

namespace Sagan.Native.Commands.Console;

/// <summary>
/// Breaks lines for a screen between words, with a hanging indent. What is to be copied stays whole: text between backticks, and a command
/// of this program, which is the end of its line; the screen breaks those without putting anything between.
/// </summary>
static class WordWrap
{
    const int Hanging = 2;

    /// <summary>The text in lines of at most <paramref name="width"/> columns, where its words allow it.</summary>
    /// <param name="text">May have several lines.</param>
    /// <param name="width">Columns.</param>
    /// <param name="used">Columns already taken in the first line.</param>
    public static string Wrap(string text, int width, int used = 0)
    {
        StringBuilder all = new();
        foreach (string line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            if (all.Length > 0) all.Append(Environment.NewLine);
            WrapLine(all, line, width, used);
            used = 0;
        }
        return all.ToString();
    }

    static void WrapLine(StringBuilder all, string line, int width, int used)
    {
        int indent = line.Length - line.TrimStart(' ').Length + Hanging;
        string margin = new(' ', Math.Min(indent, width / 2));
        List<int> breaks = Breaks(line);
        int start = 0, next = 0;
        while (used + line.Length - start > width)
        {
            // The last break that fits, or the first one.
            int at = -1;
            for (; next < breaks.Count && (at < 0 || used + breaks[next] - start <= width); next++)
                if (breaks[next] > start) at = breaks[next];
            if (at < 0) break;
            all.Append(line.AsSpan(start, at - start).TrimEnd(' ')).Append(Environment.NewLine).Append(margin);
            start = at;
            while (start < line.Length && line[start] == ' ') start++;
            used = margin.Length;
        }
        all.Append(line.AsSpan(start));
    }

    // Ends of words outside backticks and before a command.
    static List<int> Breaks(string line)
    {
        List<int> breaks = [];
        int command = line.IndexOf(ShellCommand.Program + " ", StringComparison.Ordinal);
        bool quoted = false, began = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (i == command && !quoted) break;
            if (line[i] == '`') quoted = !quoted;
            if (line[i] != ' ') began = true;
            else if (began && !quoted && line[i - 1] != ' ') breaks.Add(i);
        }
        return breaks;
    }
}
