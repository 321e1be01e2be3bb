using System.Text.RegularExpressions;

namespace Sagan.Native.Tests;

/// <summary>What the documents point to is there.</summary>
public partial class DocumentTests
{
    static string Read(string document) => File.ReadAllText(Path.Combine(Repository.Root, "docs", document));

    // What stands in backticks; a block of code has three, or is indented.
    static IEnumerable<string> Quoted(string text) =>
        QuotedText().Matches(FencedBlock().Replace(text, "")).Select(m => m.Groups[1].Value);

    public static TheoryData<string> Documents =>
        [.. Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(p => Path.GetFileName(p)!)
            .Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Documents))]
    public void Every_path_in_a_document_exists(string document)
    {
        string[] missing =
        [
            .. Quoted(Read(document)).Where(q => SourcePath().IsMatch(q)).Distinct()
                .Where(p => !Path.Exists(Path.Combine(Repository.Root, p.Replace('/', Path.DirectorySeparatorChar)))),
        ];
        Assert.True(missing.Length == 0, $"docs/{document} names paths that do not exist: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Every_name_in_the_trace_of_attention_exists()
    {
        const string Document = "trace-attention-backward.md";
        HashSet<string> words = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(p => !GeneratedPath().IsMatch(p)).SelectMany(p => Identifier().Matches(File.ReadAllText(p)).Select(m => m.Value))];
        // Formulas are indented or hold operators; what is left are names, alone, with members, or with arguments.
        string[] names = [.. Quoted(Read(Document)).Where(q => Name().IsMatch(q))
            .SelectMany(q => Identifier().Matches(q).Select(m => m.Value)).Distinct()];
        Assert.Contains("ScoreGradients", names);
        string[] missing = [.. names.Where(n => n.Length > 2 && !words.Contains(n))];
        Assert.True(missing.Length == 0, $"docs/{Document} names what src has not: {string.Join(", ", missing)}");
    }

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex QuotedText();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex FencedBlock();

    // Without a placeholder, a wildcard or more than the path.
    [GeneratedRegex(@"^(src|tests|docs|eng|benchmarks)/[\w./-]+$")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"[/\\](bin|obj)[/\\]")]
    private static partial Regex GeneratedPath();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^[A-Za-z_][\w.]*(\(.*\))?$")]
    private static partial Regex Name();
}
