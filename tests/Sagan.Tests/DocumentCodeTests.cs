using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;

namespace Sagan.Native.Tests;

/// <summary>
/// Every block of C# in <see cref="Repository.Documents"/> compiles. A block is a program, or a comment in front of it, which readers
/// do not see, says what it is: <c>&lt;!-- before: ... --&gt;</c> is code that stands before it, <c>&lt;!-- from: FILE --&gt;</c> names
/// the file that it is part of, as it stands there.
/// </summary>
public sealed partial class DocumentCodeTests
{
    sealed record Block(string Document, int Line, string Key, string Comment, string Code)
    {
        public override string ToString() => $"{Document}:{Line}";
    }

    static IEnumerable<Block> Blocks() =>
        from document in Repository.Documents
        let text = File.ReadAllText(Path.Combine(Repository.Root, document))
        from m in CSharpBlock().Matches(text)
        select new Block(document, text.AsSpan(0, m.Groups["code"].Index).Count('\n') + 1, m.Groups["key"].Value,
            m.Groups["comment"].Value, m.Groups["code"].Value);

    [Fact]
    public void What_is_taken_from_a_file_stands_there()
    {
        Block[] parts = [.. Blocks().Where(b => b.Key == "from")];
        Assert.NotEmpty(parts);
        foreach (Block b in parts)
        {
            string file = File.ReadAllText(Path.Combine(Repository.Root, b.Comment));
            // A line that is wrapped in one of them is still the same.
            Assert.True(Words(file).Contains(Words(b.Code), StringComparison.Ordinal), $"{b} differs from {b.Comment}.");
        }

        static string Words(string code) => Regex.Replace($" {code}", @"\s+(///\s+)?", " ").Trim();
    }

    [Fact]
    public void All_others_compile()
    {
        Block[] blocks = [.. Blocks().Where(b => b.Key != "from")];
        Assert.True(blocks.Length > 3);
        CSharpProgram.Compile("documents", OutputKind.DynamicallyLinkedLibrary,
            [.. blocks.Select((b, i) => ($"Block{i}.cs", Program(b, i)))]);
    }

    /// <summary>A block as a file: usings, its statements in a method, and then its types. Errors name the document and the line.</summary>
    static string Program(Block b, int number)
    {
        StringBuilder usings = new(), body = new(), types = new();
        foreach (Match m in UsingDirective().Matches(b.Comment)) usings.AppendLine(m.Value);
        string before = UsingDirective().Replace(b.Comment, "");
        bool inTypes = false;
        int line = b.Line;
        foreach (string text in b.Code.Split('\n'))
        {
            string at = $"#line {line++} \"{b.Document}\"\n{text}\n";
            inTypes |= TypeDeclaration().IsMatch(text);
            if (text.StartsWith("#:", StringComparison.Ordinal)) continue;
            (inTypes ? types : UsingDirective().Match(text) is { Success: true, Index: 0 } ? usings : body).Append(at);
        }
        return $$"""
            namespace Block{{number}}
            {
            {{usings}}
            using Sagan.Native;
            static class Program
            {
                static async Task Run(string[] args)
                {
                    {{before}}
            {{body}}
                    await Task.CompletedTask;
                }
            }
            {{types}}
            }
            """;
    }

    [GeneratedRegex(@"(?:<!-- (?<key>before|from): (?<comment>.*?) -->\n)?```csharp\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex CSharpBlock();

    // Not a declaration: using TrainingRun run = ...;
    [GeneratedRegex(@"using (static )?[\w.]+;")]
    private static partial Regex UsingDirective();

    [GeneratedRegex(@"^(///|((public|internal|sealed|abstract|static|readonly|partial) )*(class|struct|record|interface|enum) )")]
    private static partial Regex TypeDeclaration();
}
