using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Pages;

namespace Sagan.Native.Commands;

/// <summary>Write the page to a file.</summary>
sealed record ExplainAttentionRequest(string Out);

/// <summary><c>sagan explain attention</c>: attention forwards and backwards, with live numbers, as a page in one file.</summary>
sealed class ExplainAttentionCommand : Verb<ExplainAttentionRequest>
{
    readonly Option<string> file = new("--out") { Description = "The .html file to write.", HelpName = "file", Required = true };

    public ExplainAttentionCommand()
        : base("attention", "Writes a page that shows attention forwards and backwards: every number, the sum that makes it, its gradient.")
        => Add(file);

    internal override ExplainAttentionRequest Read(ParseResult parsed, CommandContext context)
    {
        string path = parsed.GetRequiredValue(file);
        if (!path.EndsWith(".html", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"--out {path}: a page is a .html file; name it so, or no browser shows it.");
        return new ExplainAttentionRequest(path);
    }

    protected override ExitCode Run(ExplainAttentionRequest request, CommandContext context)
    {
        ExportCommand.Write(request.Out, path => File.WriteAllText(path, ExplainPage.Html()));
        context.Result($"{request.Out}: open it in a browser; it needs nothing else");
        context.ResultJson(new JsonObject { ["out"] = request.Out });
        return ExitCode.Success;
    }
}
