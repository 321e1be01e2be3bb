using System.CommandLine;
using System.Text.RegularExpressions;
using Sagan.Native.Commands;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>
/// The command lines in <see cref="Repository.Documents"/>: in indented and fenced blocks, and in backticks. All are parsed, those that
/// take a moment are run; eng/check-docs runs the others.
/// </summary>
public sealed partial class DocumentCommandTests
{
    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    static readonly string[] Lines =
        [.. Repository.Documents.SelectMany(d => CommandsIn(File.ReadAllText(Path.Combine(Repository.Root, d)))).Distinct()];

    public static TheoryData<string> Commands => [.. Lines];

    static IEnumerable<string> CommandsIn(string text)
    {
        List<string> prose = [];
        bool fenced = false;
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            else if (fenced || line.StartsWith("    ", StringComparison.Ordinal))
            {
                // Behind the command stand two spaces or more, or a #, and what it does; a result goes into a file by >.
                Match m = CodeLine().Match(line);
                if (m.Success) yield return Cleaned(m.Groups[1].Value);
            }
            // Backticks pair within a paragraph.
            else prose.Add(line.Length == 0 ? "\n" : line);
        }
        foreach (Match span in Quoted().Matches(string.Join(' ', prose)))
            if (CodeLine().Match(span.Groups[1].Value) is { Success: true } m) yield return Cleaned(m.Groups[1].Value);
    }

    // [what may be left out] and ... as they are shown; PHOTOS, RUN and FILE are names like any other.
    static string Cleaned(string command) =>
        $"sagan {Regex.Replace(command.Trim().Replace("[", "").Replace("]", ""), @"(?<=--[\w-]+ )\.\.\.", "x")}".Replace(" ...", "");

    static string[] Split(string command) =>
        [.. Regex.Matches(command, "(?:[^\\s\"]|\"[^\"]*\")+").Select(m => m.Value.Replace("\"", "")).Skip(1)];

    [Theory, MemberData(nameof(Commands))]
    public void Every_command_is_known_with_its_options(string command)
    {
        string[] arguments = Split(command);
        RootCommand root = SaganCommandLine.Build();
        // In a sentence a verb alone is the name of it: what it needs is not said there.
        ParseResult parsed = root.Parse(arguments);
        SaganCommandLine.RefuseUnknownOption(root, parsed);
        string[] problems = [.. parsed.Errors.Select(e => e.Message)
            .Where(e => arguments.Any(a => a.StartsWith('-')) || !Missing().IsMatch(e))];
        Assert.True(problems.Length == 0 && parsed.UnmatchedTokens.Count == 0, $"{command}: {string.Join(' ', problems)}");
    }

    [Fact]
    public void Every_key_that_is_set_is_one()
    {
        (string Command, string Key)[] set = [.. Lines.SelectMany(l => SetKey().Matches(l).Select(m => (l, m.Groups[1].Value)))];
        Assert.True(set.Length > 5);
        string known = Sagan("train", "--print-config", "--json").Output;
        string[] unknown = [.. set.Where(s => s.Key != "key" && !known.Contains($"\"{s.Key}\"", StringComparison.Ordinal))
            .Select(s => $"{s.Command}: {s.Key}")];
        Assert.True(unknown.Length == 0, string.Join('\n', unknown));
    }

    [Fact]
    public void Every_option_that_is_named_is_one()
    {
        RootCommand root = SaganCommandLine.Build();
        // The last two are BigGAN-PyTorch's.
        HashSet<string> known = [.. All(root).SelectMany(c => c.Options).SelectMany(o => o.Aliases.Append(o.Name)), "--hier", "--mybn"];
        string[] unknown =
        [
            .. from document in Repository.Documents
               from m in NamedOption().Matches(File.ReadAllText(Path.Combine(Repository.Root, document)))
               where !known.Contains(m.Groups[1].Value)
               select $"{document}: {m.Groups[1].Value}",
        ];
        Assert.True(unknown.Length == 0, $"options that no command of sagan has: {string.Join(", ", unknown.Distinct())}. Correct the "
            + "document; options of other programs stand in a block of code, with their program, and not alone in backticks.");

        static IEnumerable<Command> All(Command c) => c.Subcommands.SelectMany(All).Prepend(c);
    }

    [Fact]
    public void Every_command_has_a_row_in_the_table_of_the_readme()
    {
        string[] rows = [.. File.ReadAllLines(Path.Combine(Repository.Root, "README.md"))
            .Where(l => l.StartsWith("| `sagan ", StringComparison.Ordinal))];
        string[] missing = [.. SaganCommandLine.Build().Subcommands.Where(c => !c.Hidden).Select(c => c.Name)
            .Where(name => !rows.Any(r => Regex.IsMatch(r, $"`sagan {Regex.Escape(name)}\\b")))];
        Assert.True(missing.Length == 0, $"without a row in README.md: {string.Join(", ", missing)}. Add one to the table under "
            + "\"The command\", such as  | `sagan report RUN` | what it does |");
    }

    [Fact]
    public void The_script_that_runs_them_all_has_the_same()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("a script of bash");
        ChildProcess list = ChildProcess.Run("bash", [Path.Combine(Repository.Root, "eng", "check-docs"), "--list"], Repository.Root);
        Assert.True(list.ExitCode == 0, list.All);
        string[] listed = [.. list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[l.IndexOf("sagan")..])];
        Assert.Equal(Lines.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_class_of_tests_that_a_filter_names_is_there()
    {
        Match[] filters = [.. Repository.Documents
            .SelectMany(d => TestFilter().Matches(File.ReadAllText(Path.Combine(Repository.Root, d))))];
        Assert.True(filters.Length > 2);
        foreach (Match m in filters)
            Assert.True(Directory.EnumerateFiles(Path.Combine(Repository.Root, m.Groups[1].Value), $"{m.Groups[2].Value}.cs",
                SearchOption.AllDirectories).Any(), $"{m.Value}: there is no such class.");
    }

    /// <summary>Of the commands as they are shown, those that need no run, no images and no time.</summary>
    [Fact]
    public void What_takes_a_moment_is_run()
    {
        string[] quick = [.. Lines.Where(l => QuickCommand().IsMatch(l))];
        Assert.True(quick.Length >= 6, string.Join('\n', quick));
        foreach (string line in quick)
        {
            (int code, string output, string error) = Sagan(Split(line));
            Assert.True(code == 0 && output.Length > 0, $"{line}: exit code {code}: {error}");
        }
    }

    [GeneratedRegex(@"^ *(?:SAGAN_\w+=\S+ )?(?:source <\()?(?:sagan|dotnet run -c Release --project src/\w+ --)"
        + @"((?: (?:""[^""]*""|[^\s#>)""])+)+)")]
    private static partial Regex CodeLine();

    [GeneratedRegex("--project (tests/[\\w.]+) --filter-class \"\\*(\\w+)\"")]
    private static partial Regex TestFilter();

    [GeneratedRegex("^(Required argument '.*' missing|Option '.*' is required)")]
    private static partial Regex Missing();

    [GeneratedRegex("`([^`\\n]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"--set ([\w.]+)")]
    private static partial Regex SetKey();

    // Alone in backticks, with a value or without: `--seed 2`.
    [GeneratedRegex(@"`(--?[a-z][\w-]*)[^`\n]*`")]
    private static partial Regex NamedOption();

    [GeneratedRegex("^sagan (devices|help|completion|train --print-config|gradcheck --op Attention)\\b")]
    private static partial Regex QuickCommand();
}
