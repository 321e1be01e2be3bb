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
/// device. Shapes and values of the inputs and the seed of what is random can be one's own.
/// </summary>
sealed record GradCheckRequest(IReadOnlyList<string> Ops, string Device, string? Against,
    MatMulPrecision MatMulPrecision = MatMulPrecision.Highest)
{
    /// <summary>Of the inputs; none for those of the table.</summary>
    public IReadOnlyList<Shape> Shapes { get; init; } = [];

    /// <summary>Of the inputs, in memory order; none for random ones.</summary>
    public IReadOnlyList<float[]> Values { get; init; } = [];

    /// <summary>Of random inputs, cotangents and directions.</summary>
    public ulong? Seed { get; init; }
}

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
    readonly Option<string[]> shapes = new("--shape")
    {
        Description = "The shape of an input of the op that --op names, such as 2,5,3; once for each input.",
        HelpName = "sizes"
    };
    readonly Option<string[]> values = new("--values")
    {
        Description = "The numbers of an input, in memory order, such as 0.5,-1,2; once for each input.",
        HelpName = "numbers"
    };
    readonly Option<ulong?> seed = new("--seed")
    {
        Description = "Of random inputs, cotangents and directions.",
        HelpName = "number"
    };
    readonly Option<MatMulPrecision> precision = PrecisionOption.New();

    public GradCheckCommand()
        : base("gradcheck", "Compares the gradients of every op, of order 1 and 2, with finite differences.")
    {
        Add(ops);
        Add(device);
        Add(against);
        Add(precision);
        Add(shapes);
        Add(values);
        Add(seed);
    }

    internal override GradCheckRequest Read(ParseResult parsed, CommandContext context)
    {
        (string? other, MatMulPrecision p) = (parsed.GetValue(against), parsed.GetValue(precision));
        if (p != MatMulPrecision.Highest && other == null)
            throw new UsageException("--matmul-precision: finite differences need float32; compare with a device that has it: --against "
                + "reference.");
        string[] named = parsed.GetValue(ops) ?? [];
        Shape[] ownShapes = [.. (parsed.GetValue(shapes) ?? []).Select(s => new Shape(Numbers<int>(s, "--shape", "sizes", "2,5,3")))];
        float[][] ownValues = [.. (parsed.GetValue(values) ?? []).Select(v => Numbers<float>(v, "--values", "numbers", "0.5,-1,2"))];
        if (ownShapes.Length + ownValues.Length > 0 && named.Length != 1)
            throw new UsageException("--shape and --values: they are those of the inputs of one op; name it with --op.");
        if (ownShapes.Length > 0 && ownValues.Length > 0)
        {
            if (ownShapes.Length != ownValues.Length)
                throw new UsageException($"--values: {ownValues.Length} inputs have values, {ownShapes.Length} have a --shape; give both "
                    + "for each input.");
            for (int i = 0; i < ownShapes.Length; i++)
                if (ownShapes[i].Count != ownValues[i].Length)
                    throw new UsageException($"--values: {ownValues[i].Length} numbers for input {i}, its --shape {ownShapes[i]} has "
                        + $"{ownShapes[i].Count}.");
        }
        return new GradCheckRequest(named, parsed.GetRequiredValue(device), other, p)
        {
            Shapes = ownShapes,
            Values = ownValues,
            Seed = parsed.GetValue(seed),
        };
    }

    static T[] Numbers<T>(string text, string option, string what, string example) where T : ISpanParsable<T>
    {
        string[] parts = text.Split([',', 'x'], StringSplitOptions.TrimEntries);
        T[] numbers = new T[parts.Length];
        for (int i = 0; i < parts.Length; i++)
            if (!T.TryParse(parts[i], CultureInfo.InvariantCulture, out numbers[i]!)
                || (numbers[i] is int and < 0) || (numbers[i] is float f && !float.IsFinite(f)))
                throw new UsageException($"{option} {text}: '{parts[i]}' is not one of the {what} that are needed, such as {example}.");
        return numbers;
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
        cases = WithOwnInputs(cases, request);
        return request.Against == null ? Differentiate(cases, device, request.Seed, context)
            : Compare(cases, device, Device.Parse(request.Against), context, request.Seed ?? 1);
    }

    // The cases of the op that take such inputs; an error of the first where none does.
    static OpCase[] WithOwnInputs(OpCase[] cases, GradCheckRequest request)
    {
        Shape[] shapes = request.Shapes.Count > 0 ? [.. request.Shapes] : [.. request.Values.Select(v => new Shape(v.Length))];
        if (shapes.Length == 0) return cases;
        List<OpCase> taken = [];
        string? why = null;
        foreach (OpCase c in cases)
        {
            // One's own numbers in their own shape, where only those are given: that of the table, if so many fit it.
            Shape[] own = request.Shapes.Count == 0 && c.Shapes.Select(s => s.Count).SequenceEqual(shapes.Select(s => s.Count))
                ? c.Shapes : shapes;
            if (own.Length != c.Shapes.Length)
            {
                why ??= $"{c} has inputs {string.Join(" ", c.Shapes)}, so many are needed.";
                continue;
            }
            OpCase mine = c with { Shapes = own, Values = request.Values.Count == 0 ? null : [.. request.Values] };
            try
            {
                Step.Run(() => Autograd.NoGrad(() => _ = mine.F(mine.MakeInputs(Device.Reference))));
                taken.Add(mine);
            }
            catch (ArgumentException e)
            {
                why ??= $"{c}: {e.Message}";
            }
        }
        return taken.Count > 0 ? [.. taken] : throw new UsageException($"--op {request.Ops[0]}: no case of it takes inputs "
            + $"{string.Join(" ", shapes)}: {why}");
    }

    static ExitCode Differentiate(OpCase[] cases, Device device, ulong? seed, CommandContext context)
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
            GradErrors e = Step.Run(() => GradCheck.Run(c.F, c.MakeInputs(device, seed ?? 1),
                options: new GradCheckOptions { Device = device, Seed = seed ?? 7 }));
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
    internal static ExitCode Compare(IReadOnlyList<OpCase> cases, Device device, Device against, CommandContext context, ulong seed = 1)
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
                d = DeviceCheck.Run(c, device, against, seed);
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
                ["mistake"] = f.Mistake,
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
