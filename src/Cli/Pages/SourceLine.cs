using System.Text.Json.Nodes;

namespace Sagan.Native.Pages;

/// <summary>
/// Lines of the engine's own source, which is embedded when the program is built: what a page shows is what runs.
/// </summary>
/// <param name="File">Path in the checkout.</param>
/// <param name="Line">Number of the first line.</param>
/// <param name="Text">The lines, as far in as the first.</param>
sealed record SourceLine(string File, int Line, string Text)
{
    /// <summary>
    /// From the one line that begins with a text, spaces aside: that line, or, where it is a comment, it and all up to the next empty line.
    /// </summary>
    /// <exception cref="InvalidOperationException">No line of the file begins so, or several do.</exception>
    public static SourceLine Find(string file, string beginning)
    {
        string[] lines = Page.Asset(Path.GetFileName(file)).Split('\n');
        int[] found = [.. Enumerable.Range(0, lines.Length).Where(i => lines[i].AsSpan().TrimStart().StartsWith(beginning))];
        if (found is not [int first])
            throw new InvalidOperationException($"{found.Length} lines of {file} begin with \"{beginning}\"; a page shows the only one.");
        int indent = lines[first].AsSpan().IndexOfAnyExcept(' '), end = first + 1;
        if (beginning.StartsWith("//", StringComparison.Ordinal))
            while (lines[end].Length > 0) end++;
        else
            while (!lines[end - 1].EndsWith(';') && !lines[end - 1].EndsWith(',')) end++;
        return new SourceLine(file, first + 1, string.Join('\n', lines[first..end].Select(l => l[Math.Min(indent, l.Length)..])));
    }

    /// <summary>As a script reads it.</summary>
    public JsonObject ToJson() => new() { ["file"] = File, ["line"] = Line, ["text"] = Text };
}
