using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Checks;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;

namespace Sagan.Native.Services;

/// <summary><c>sagan gradcheck</c>: every operation's gradients of order 1 and 2 against finite differences.</summary>
static class GradCheckService
{
    // What the tests hold, too.
    const double FirstOrder = 1e-4, SecondOrder = 5e-4;

    public static ExitCode Run(GradCheckRequest request, CliContext context)
    {
        Device device = Device.Parse(request.Device);
        string[] names = [.. OpCases.All.Select(c => c.Op).Distinct()];
        foreach (string op in request.Ops)
            if (!names.Contains(op, StringComparer.OrdinalIgnoreCase))
                throw new UsageException($"--op {op}: no such operation.{NearestName.Suggestion(op, names)} Operations: {string.Join(", ", names)}.");
        OpCase[] cases = [.. OpCases.All.Where(c => request.Ops.Count == 0 || request.Ops.Contains(c.Op, StringComparer.OrdinalIgnoreCase))];

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
            bool good = e.First < FirstOrder && e.Second < SecondOrder;
            if (!good) failed++;
            context.Result(string.Create(CultureInfo.InvariantCulture, $"{c.ToString().PadRight(width)}  {e.First,7:0.0e+0}   {e.Second,7:0.0e+0}{(good ? "" : "   FAILED")}"));
            results.Add(new JsonObject { ["op"] = c.Op, ["variant"] = c.Variant, ["first"] = e.First, ["second"] = e.Second, ["passed"] = good });
        }
        context.ResultJson(new JsonObject { ["device"] = device.Name, ["cases"] = results, ["failed"] = failed });
        if (failed > 0) throw new CheckFailedException($"gradcheck: {failed} of {results.Count} cases failed: an error of {FirstOrder} or more at order 1, or {SecondOrder} or more at order 2.");
        context.Result($"{results.Count} cases passed: errors below {FirstOrder} at order 1 and {SecondOrder} at order 2, relative to the gradient's norm.");
        return ExitCode.Success;
    }
}
