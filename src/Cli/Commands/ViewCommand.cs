using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;

namespace Sagan.Native.Commands;

/// <summary>Runs to look at.</summary>
sealed record ViewRunsRequest(IReadOnlyList<string> Runs, ViewRequest View);

/// <summary><c>sagan view run ...</c>: runs in the browser, over one another, until Ctrl-C.</summary>
sealed class ViewCommand : Verb<ViewRunsRequest>
{
    readonly Argument<string[]> runs = new("run")
    {
        Description = "Run folders; of runs that train, have ended or are damaged.",
        Arity = ArgumentArity.OneOrMore,
    };
    readonly ViewOptions view;

    public ViewCommand() : base("view", "Shows runs in the browser, while they train and afterwards.")
    {
        Add(runs);
        view = new ViewOptions(this, isOptional: false);
    }

    internal override ViewRunsRequest Read(ParseResult parsed, CommandContext context) =>
        new(parsed.GetRequiredValue(runs), view.Read(parsed)!);

    protected override ExitCode Run(ViewRunsRequest request, CommandContext context)
    {
        using ShutdownSignal stop = new(_ => { });
        (IDisposable server, string address) = ViewOptions.Show(request.View, request.Runs, context);
        using (server)
        {
            context.ResultJson(new JsonObject { ["address"] = address });
            context.Result($"view: {address}");
            context.Terminal.Note("Ctrl-C ends it; the runs go on.");
            stop.Token.WaitHandle.WaitOne();
        }
        // To end a view is no failure.
        return ExitCode.Success;
    }
}
