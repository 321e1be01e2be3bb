using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Checks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>
/// Which operations to check, those named or all, on a device: gradients against finite differences, or value and gradients against another
/// device.
/// </summary>
sealed record GradCheckRequest(IReadOnlyList<string> Ops, string Device, string? Against,
    MatMulPrecision MatMulPrecision = MatMulPrecision.Highest);

/// <summary>
/// <c>sagan gradcheck</c>: every operation's gradients of order 1 and 2 against finite differences, or its value and gradients on one
/// device against another.
/// </summary>
sealed class GradCheckCommand : Verb<GradCheckRequest>
{
    readonly Option<string[]> ops = new("--op") { Description = "Only this op. Repeatable.", HelpName = "name" };
    readonly Option<string> device =
        new("--device") { Description = "Where to compute.", DefaultValueFactory = _ => "cpu", HelpName = "device" };
    readonly Option<string?> against = new("--against")
    {
        Description = "Compare values and gradients with those of this device, such as "
        + "reference, instead.",
        HelpName = "device"
    };
    readonly Option<MatMulPrecision> precision = PrecisionOption.New();

    public GradCheckCommand()
        : base("gradcheck", "Compares the gradients of every op, of order 1 and 2, with finite differences.")
    {
        Add(ops);
        Add(device);
        Add(against);
        Add(precision);
    }

    internal override GradCheckRequest Read(ParseResult parsed, CommandContext context)
    {
        (string? other, MatMulPrecision p) = (parsed.GetValue(against), parsed.GetValue(precision));
        if (p != MatMulPrecision.Highest && other == null)
            throw new UsageException("--matmul-precision: finite differences need float32; compare with a device that has it: --against "
                + "reference.");
        return new GradCheckRequest(parsed.GetValue(ops) ?? [], parsed.GetRequiredValue(device), other, p);
    }

    protected override ExitCode Run(GradCheckRequest request, CommandContext context)
    {
        RunDevice.SetPrecision(request.Device, request.MatMulPrecision, context.Terminal.Warning);
        Device device = Device.Parse(request.Device);
        string[] names = [.. OpCases.All.Select(c => c.Op).Distinct()];
        foreach (string op in request.Ops)
            if (!names.Contains(op, StringComparer.OrdinalIgnoreCase))
                throw new UsageException($"--op {op}: no such operation.{NearestName.Suggestion(op, names)} Operations: "
                    + $"{string.Join(", ", names)}.");
        OpCase[] cases = [.. OpCases.All
            .Where(c => request.Ops.Count == 0 || request.Ops.Contains(c.Op, StringComparer.OrdinalIgnoreCase))];
        return request.Against == null ? Differentiate(cases, device, context)
            : Compare(cases, device, Device.Parse(request.Against), context);
    }

    static ExitCode Differentiate(OpCase[] cases, Device device, CommandContext context)
    {
        int width = cases.Max(c => c.ToString().Length), failed = 0;
        JsonArray results = [];
        context.Result($"{"operation".PadRight(width)}  order 1   order 2");
        foreach (OpCase c in cases)
        {
            if (!c.Smooth)
            {
                context.Result($"{c.ToString().PadRight(width)}  has kinks: compared between devices only, by the tests");
                continue;
            }
            GradErrors e = Step.Run(() => GradCheck.Run(c.F, c.MakeInputs(device), new RandomSource(7)));
            if (!e.Passed) failed++;
            string note = !e.Passed ? $"   FAILED: {e}" : e.Skipped > 0 ? $"   {e}" : "";
            context.Result(string.Create(CultureInfo.InvariantCulture, $"{c.ToString().PadRight(width)}  {e.First,7:0.0e+0}   "
                + $"{e.Second,7:0.0e+0}{note}"));
            results.Add((JsonNode)Describe(c, e));
        }
        context.ResultJson(new JsonObject { ["device"] = device.Name, ["cases"] = results, ["failed"] = failed });
        if (failed > 0) throw new CheckFailedException($"gradcheck: {failed} of {results.Count} cases failed: an error of "
            + $"{GradCheck.FirstOrder} or more at order 1, or {GradCheck.SecondOrder} or more at order 2.");
        context.Result($"{results.Count} cases passed: errors below {GradCheck.FirstOrder} at order 1 and {GradCheck.SecondOrder} at order "
            + "2, relative to the gradient's norm.");
        return ExitCode.Success;
    }

    /// <summary>
    /// Value and gradients of the cases on a device against those on another. A case that a device cannot run has failed, and the next is
    /// tried.
    /// </summary>
    internal static ExitCode Compare(IReadOnlyList<OpCase> cases, Device device, Device against, CommandContext context)
    {
        double tolerance = DeviceCheck.ToleranceOf(device.MatMulPrecision);
        int width = cases.Max(c => c.ToString().Length);
        JsonArray results = [];
        List<string> failed = [];
        context.Result($"{"operation".PadRight(width)}  largest difference from {against}");
        foreach (OpCase c in cases)
        {
            DeviceDifference d = default;
            string? error = null;
            try
            {
                d = DeviceCheck.Run(c, device, against);
            }
            catch (DeviceException e)
            {
                error = e.Message;
            }
            bool good = error == null && d.Error <= tolerance;
            string what = error ?? d.ToString();
            if (!good) failed.Add($"{c}: {what}");
            context.Result($"{c.ToString().PadRight(width)}  "
                + $"{(error == null ? d.Error.ToString("0.0e+0", CultureInfo.InvariantCulture) : "")}{(good ? "" : $"   FAILED: {what}")}");
            JsonObject result = new() { ["op"] = c.Op, ["variant"] = c.Variant, ["passed"] = good };
            if (error == null) Describe(result, d);
            else result["error"] = error;
            results.Add((JsonNode)result);
        }
        context.ResultJson(new JsonObject
        {
            ["device"] = device.Name,
            ["against"] = against.Name,
            ["matmul_precision"] = Words.Of(device.MatMulPrecision),
            ["tolerance"] = tolerance,
            ["cases"] = results,
            ["failed"] = failed.Count,
        });
        if (failed.Count > 0)
            throw new CheckFailedException($"gradcheck: {failed.Count} of {cases.Count} cases on {device} differ from {against} by more "
                + $"than {tolerance:G2} of the largest value, or did not run. The first: {failed[0]}");
        context.Result($"{cases.Count} cases passed: values and gradients on {device} differ from {against} by at most {tolerance:G2} of "
            + "the largest value.");
        return ExitCode.Success;
    }

    static JsonObject Describe(OpCase c, GradErrors e)
    {
        JsonObject result = new()
        {
            ["op"] = c.Op,
            ["variant"] = c.Variant,
            ["first"] = Number(e.First),
            ["second"] = Number(e.Second),
            ["passed"] = e.Passed,
            ["skipped"] = e.Skipped,
        };
        if (e.Fault is { } f)
            result["fault"] = new JsonObject
            {
                ["order"] = f.Order,
                ["input"] = f.Input,
                ["element"] = f.Element,
                ["analytic"] = Number(f.Analytic),
                ["numeric"] = Number(f.Numeric),
                ["step"] = f.Step,
            };
        return result;
    }

    static void Describe(JsonObject result, DeviceDifference d)
    {
        result["output"] = d.Output;
        result["element"] = d.Element;
        result["actual"] = Number(d.Actual);
        result["expected"] = Number(d.Expected);
        result["difference"] = Number(d.Error);
    }

    // JSON has no NaN and no infinity: they are written as text.
    static JsonNode Number(double x) =>
        double.IsFinite(x) ? JsonValue.Create(x) : JsonValue.Create(x.ToString(CultureInfo.InvariantCulture));
}
