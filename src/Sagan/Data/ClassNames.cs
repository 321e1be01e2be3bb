using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Sagan.Native.Data;

/// <summary>
/// Names of classes as one line, separated by commas. One that has a comma or begins with a quote stands in double quotes, and a quote in
/// it is written twice, as in a CSV file: <c>cats,"dogs, small"</c>.
/// </summary>
static class ClassNames
{
    /// <summary>The names of a line; spaces around them do not count, nor do empty ones. False where a quote is not closed.</summary>
    public static bool TryParse(string line, [NotNullWhen(true)] out string[]? names)
    {
        List<string> found = [];
        names = null;
        for (int at = 0; at < line.Length; at++)
        {
            while (at < line.Length && line[at] == ' ') at++;
            if (at < line.Length && line[at] == '"')
            {
                if (Quoted(line, ref at) is not { } name) return false;
                found.Add(name);
                continue;
            }
            int end = line.IndexOf(',', at) is >= 0 and int comma ? comma : line.Length;
            if (line[at..end].Trim() is { Length: > 0 } plain) found.Add(plain);
            at = end;
        }
        names = [.. found];
        return true;
    }

    /// <summary>The line that stands for these names.</summary>
    public static string Join(IEnumerable<string> names) => string.Join(',', names.Select(Quote));

    /// <summary>A name as it stands in such a line.</summary>
    public static string Quote(string name) =>
        name.Contains(',') || name.StartsWith('"') || name.Trim() != name || name.Length == 0 ? $"\"{name.Replace("\"", "\"\"")}\"" : name;

    // From the quote on; at is then the comma behind the name, or the end. Null where there is something else.
    static string? Quoted(string line, ref int at)
    {
        StringBuilder name = new();
        for (at++; at < line.Length; at++)
        {
            if (line[at] != '"')
            {
                name.Append(line[at]);
                continue;
            }
            at++;
            if (at < line.Length && line[at] == '"')
            {
                name.Append('"');
                continue;
            }
            while (at < line.Length && line[at] == ' ') at++;
            return at == line.Length || line[at] == ',' ? name.ToString() : null;
        }
        return null;
    }
}
