using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;

namespace Sagan.Native.Commands;

/// <summary><c>sagan help [topic]</c>: the help of a verb, or a page of its own.</summary>
sealed class HelpCommand : Verb
{
    const string ExitCodeTopic = "exit-codes", PresetTopic = "presets";

    readonly RootCommand root;
    readonly Argument<string?> topic =
        new("topic") { Description = $"A command, {ExitCodeTopic} or {PresetTopic}.", Arity = ArgumentArity.ZeroOrOne };

    public HelpCommand(RootCommand root) : base("help", "Explains a command or a topic.")
    {
        this.root = root;
        Add(topic);
    }

    protected override ExitCode Run(ParseResult parsed, CommandContext context)
    {
        string? name = parsed.GetValue(topic);
        if (context.Json) context.ResultJson(new JsonObject { ["topic"] = name ?? "", ["text"] = Text(name) });
        else if (name == ExitCodeTopic) context.Result(ExitCodePage().TrimEnd());
        else if (name == PresetTopic) context.Result(PresetPage().TrimEnd());
        else if (name == null) root.Parse("--help").Invoke(parsed.InvocationConfiguration);
        else if (root.Subcommands.Any(c => c.Name == name)) root.Parse([name, "--help"]).Invoke(parsed.InvocationConfiguration);
        else
        {
            IEnumerable<string> topics = root.Subcommands.Select(c => c.Name).Append(ExitCodeTopic).Append(PresetTopic);
            throw new UsageException($"unknown help topic '{name}'.{NearestName.Suggestion(name, topics)} Topics: "
                + $"{string.Join(", ", topics)}.");
        }
        return ExitCode.Success;
    }

    // What would be printed without --json.
    string Text(string? name)
    {
        using StringWriter text = new();
        IEnumerable<string> again = name == null ? ["help"] : ["help", name];
        root.Parse([.. again]).Invoke(new InvocationConfiguration { Output = text, EnableDefaultExceptionHandler = false });
        return text.ToString();
    }

    static string ExitCodePage()
    {
        StringBuilder s = new();
        foreach (ExitCode code in Enum.GetValues<ExitCode>()) s.Append($"{(int)code,4}  {ExitCodes.Meaning(code)}\n");
        return s.ToString();
    }

    static string PresetPage()
    {
        StringBuilder s = new();
        foreach (string name in Presets.Names) s.Append($"{name}:\n{Presets.Read(name, "help")}\n");
        return s.ToString();
    }
}
