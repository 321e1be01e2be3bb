using System.Text.RegularExpressions;

namespace Sagan.Native.Tests;

/// <summary>What the documents point to is there.</summary>
[Quick]
public partial class DocumentTests
{
    static string Read(string document) => File.ReadAllText(Path.Combine(Repository.Root, document));

    // What stands in backticks; a block of code has three, or is indented.
    static IEnumerable<string> Quoted(string text) =>
        QuotedText().Matches(FencedBlock().Replace(text, "")).Select(m => m.Groups[1].Value);

    public static TheoryData<string> Documents => [.. Repository.Documents];

    [Theory, MemberData(nameof(Documents))]
    public void Every_path_in_a_document_exists(string document)
    {
        string[] missing =
        [
            .. Quoted(Read(document)).Where(q => SourcePath().IsMatch(q)).Distinct()
                .Where(p => !Path.Exists(Path.Combine(Repository.Root, p.Replace('/', Path.DirectorySeparatorChar)))),
        ];
        Assert.True(missing.Length == 0, $"{document} names paths that do not exist: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Links_lead_to_files_and_headings()
    {
        string[] files = [.. Directory.EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
            .Where(f => !BuiltPath().IsMatch(Path.GetRelativePath(Repository.Root, f)))];
        Assert.True(files.Length > 15);
        List<string> dead = [];
        foreach (string file in files)
            foreach (Match link in Link().Matches(File.ReadAllText(file)))
            {
                (string target, string heading) = (link.Groups[1].Value, link.Groups[2].Value);
                if (target.Contains("://", StringComparison.Ordinal)) continue;
                string path = target.Length == 0 ? file : Path.Combine(Path.GetDirectoryName(file)!, target);
                if (!Path.Exists(path) || (heading.Length > 0 && !Headings(path).Contains(heading)))
                    dead.Add($"{Path.GetRelativePath(Repository.Root, file)}: {link.Value}");
            }
        Assert.True(dead.Count == 0, string.Join('\n', dead));

        // As they are in addresses: lower case, without punctuation, a hyphen for each space.
        static IEnumerable<string> Headings(string document) => Heading().Matches(File.ReadAllText(document)).Select(m =>
            Punctuation().Replace(m.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));
    }

    [Fact]
    public void The_architecture_page_has_the_tree_as_it_is()
    {
        string page = Read("docs/architecture.md"), src = Path.Combine(Repository.Root, "src");
        Assert.Equal(Folders(src), Assembly().Matches(page).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));
        // The way of one batch: rooms of src/Sagan and src/Cli, and libraries below them. A star stands for several files.
        string way = page[page.IndexOf("\n## The way of one batch\n", StringComparison.Ordinal)..];
        way = way[..way.IndexOf("\n## ", 1, StringComparison.Ordinal)];
        string[] files = [.. FileOfTheWay().Matches(way).Select(m => m.Groups[1].Value)];
        Assert.True(files.Length > 15);
        Assert.All(files, f => Assert.True(IsThere(Path.Combine(src, f)) || IsThere(Path.Combine(src, "Sagan", f)),
            $"the way of one batch names {f}, which src has not."));

        static bool IsThere(string pattern) => Path.GetDirectoryName(pattern) is { } folder && Directory.Exists(folder)
            && Directory.EnumerateFiles(folder, Path.GetFileName(pattern)).Any();
    }

    [Theory]
    [InlineData("Tensor")]
    [InlineData("Sagan")]
    [InlineData("Cli")]
    public void Where_a_line_of_code_lives_is_said_of_every_folder(string project)
    {
        string[] said = [.. Quoted(Read("CONTRIBUTING.md"))];
        Assert.All(Folders(Path.Combine(Repository.Root, "src", project)), f => Assert.True(
            said.Any(s => s == $"src/{project}/{f}" || s.StartsWith($"src/{project}/{f}/", StringComparison.Ordinal)),
            $"CONTRIBUTING.md does not say what lives in src/{project}/{f}."));
    }

    // Of those that git knows: what is left of a folder that was moved has no source file.
    static IEnumerable<string> Folders(string path) => Directory.EnumerateDirectories(path)
        .Where(d => Directory.EnumerateFiles(d, "*.cs", SearchOption.AllDirectories).Any(f => !BuiltPath().IsMatch(f[path.Length..])))
        .Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal);

    [Fact]
    public void Every_name_in_the_trace_of_attention_exists()
    {
        const string Document = "docs/trace-attention-backward.md";
        HashSet<string> words = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(p => !BuiltPath().IsMatch(p)).SelectMany(p => Identifier().Matches(File.ReadAllText(p)).Select(m => m.Value))];
        // Formulas are indented or hold operators; what is left are names, alone, with members, or with arguments.
        string[] names = [.. Quoted(Read(Document)).Where(q => Name().IsMatch(q))
            .SelectMany(q => Identifier().Matches(q).Select(m => m.Value)).Distinct()];
        Assert.Contains("ScoreGradients", names);
        string[] missing = [.. names.Where(n => n.Length > 2 && !words.Contains(n))];
        Assert.True(missing.Length == 0, $"{Document} names what src has not: {string.Join(", ", missing)}");
    }

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex QuotedText();

    [GeneratedRegex(@"\]\(([^)\s#]*)#?([^)\s]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Punctuation();

    [GeneratedRegex("^    src/(\\w+) ", RegexOptions.Multiline)]
    private static partial Regex Assembly();

    // Indented, the first of its line.
    [GeneratedRegex(@"^ {4,}([\w/*]+\.cs)\b", RegexOptions.Multiline)]
    private static partial Regex FileOfTheWay();

    [GeneratedRegex("```.*?```", RegexOptions.Singleline)]
    private static partial Regex FencedBlock();

    // Without a placeholder, a wildcard or more than the path.
    [GeneratedRegex(@"^(src|tests|docs|eng|benchmarks)/[\w./-]+$")]
    private static partial Regex SourcePath();

    [GeneratedRegex(@"(^|[/\\])(bin|obj|runs|artifacts)[/\\]")]
    private static partial Regex BuiltPath();

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"^[A-Za-z_][\w.]*(\(.*\))?$")]
    private static partial Regex Name();
}
