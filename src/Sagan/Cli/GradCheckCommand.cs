using System.CommandLine;
using Sagan.Native.Kernels;

namespace Sagan.Native.Cli;

/// <summary>Which operations to check, those named or all, on a device: gradients against finite differences, or value and gradients against another device.</summary>
sealed record GradCheckRequest(IReadOnlyList<string> Ops, string Device, string? Against, MatMulPrecision MatMulPrecision = MatMulPrecision.Highest);

/// <summary><c>sagan gradcheck</c>.</summary>
sealed class GradCheckCommand : Verb
{
    readonly Option<string[]> ops = new("--op") { Description = "Only this op. Repeatable.", HelpName = "name" };
    readonly Option<string> device = new("--device") { Description = "Where to compute.", DefaultValueFactory = _ => "cpu", HelpName = "device" };
    readonly Option<string?> against = new("--against") { Description = "Compare values and gradients with those of this device, such as reference, instead.", HelpName = "device" };
    readonly Option<MatMulPrecision> precision = PrecisionOption.New();
    readonly Func<GradCheckRequest, CliContext, ExitCode> check;

    public GradCheckCommand(Func<GradCheckRequest, CliContext, ExitCode> check)
        : base("gradcheck", "Compares the gradients of every op, of order 1 and 2, with finite differences.")
    {
        this.check = check;
        Add(ops);
        Add(device);
        Add(against);
        Add(precision);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        (string? other, MatMulPrecision p) = (parsed.GetValue(against), parsed.GetValue(precision));
        if (p != MatMulPrecision.Highest && other == null)
            throw new UsageException("--matmul-precision: finite differences need float32; compare with a device that has it: --against reference.");
        return check(new GradCheckRequest(parsed.GetValue(ops) ?? [], parsed.GetRequiredValue(device), other, p), context);
    }
}
