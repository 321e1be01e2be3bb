using System.CommandLine;

namespace Sagan.Native.Cli;

/// <summary>Which gradients to check against finite differences: the ops named, or all.</summary>
sealed record GradCheckRequest(IReadOnlyList<string> Ops, string Device);

/// <summary><c>sagan gradcheck</c>.</summary>
sealed class GradCheckCommand : Verb
{
    readonly Option<string[]> ops = new("--op") { Description = "Only this op. Repeatable.", HelpName = "name" };
    readonly Option<string> device = new("--device") { Description = "Where to compute.", DefaultValueFactory = _ => "cpu", HelpName = "device" };
    readonly Func<GradCheckRequest, CliContext, ExitCode> check;

    public GradCheckCommand(Func<GradCheckRequest, CliContext, ExitCode> check)
        : base("gradcheck", "Compares the gradients of every op, of order 1 and 2, with finite differences.")
    {
        this.check = check;
        Add(ops);
        Add(device);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context) =>
        check(new GradCheckRequest(parsed.GetValue(ops) ?? [], parsed.GetRequiredValue(device)), context);
}
