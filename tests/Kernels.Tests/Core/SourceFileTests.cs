using System.Text.RegularExpressions;

namespace Sagan.Native.Tests;

/// <summary>What the compiler and the formatter of white space leave open.</summary>
[Quick]
public sealed partial class SourceFileTests
{
    static IEnumerable<string> Files =>
        from folder in (string[])["src", "eng", "tests", "benchmarks"]
        from file in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
        where !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")
        select file;

    [Fact]
    public void No_line_is_longer_than_140_columns()
    {
        foreach (string file in Files)
        {
            int line = Array.FindIndex(File.ReadAllLines(file), l => l.Length > 140);
            Assert.True(line < 0, $"{file}:{line + 1} is longer than 140 columns; wrap it.");
        }
    }

    // System's first, static ones last.
    [Fact]
    public void Usings_are_in_order()
    {
        foreach (string file in Files)
        {
            string[] usings = [.. File.ReadLines(file).Select(l => Using().Match(l)).Where(m => m.Success).Select(m =>
                $"{(m.Groups["static"].Success ? 1 : 0)}{(m.Groups["name"].Value.Split('.')[0] == "System" ? 0 : 1)} {m.Groups["name"]}")];
            string? wrong = usings.Zip(usings.Skip(1))
                .FirstOrDefault(pair => StringComparer.OrdinalIgnoreCase.Compare(pair.First, pair.Second) > 0).Second;
            Assert.True(wrong == null, $"{file}: using {wrong?[3..]} comes too late; `dotnet format` puts them in order.");
        }
    }

    [GeneratedRegex(@"^using (?<static>static )?(?<name>[\w.]+);$")]
    private static partial Regex Using();
}
