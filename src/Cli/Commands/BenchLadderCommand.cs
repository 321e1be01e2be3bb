using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Ladder;
using Sagan.Native.Measuring;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Time every form of a kernel from the plainest to the engine's; Threads 0 = one for each processor.</summary>
/// <param name="Picture">Where the bars go, if they are wanted.</param>
sealed record BenchLadderRequest(string Kernel, string Device, int Threads, double Seconds, string? Picture);

/// <summary><c>sagan bench ladder</c>: how a kernel becomes fast, rung by rung.</summary>
sealed class BenchLadderCommand : Verb<BenchLadderRequest>
{
    readonly Argument<string> kernel = new("kernel") { Description = $"{string.Join(", ", Ladders.Names)}." };
    readonly Option<string> device =
        new("--device") { Description = $"Where to compute; see `{ShellCommand.Of("devices")}`.", DefaultValueFactory = _ => "cpu" };
    readonly Option<int> threads = new("--threads") { Description = "Threads of the CPU; 0 = one for each processor.", HelpName = "count" };
    readonly Option<double> seconds =
        new("--seconds") { Description = "How long each rung is timed.", DefaultValueFactory = _ => 0.5, HelpName = "seconds" };
    readonly Option<string?> picture = new("--svg") { Description = "Also draw the rungs as bars.", HelpName = "file" };

    public BenchLadderCommand()
        : base("ladder", "Times the forms of a kernel from the plainest to the engine's, and says what each adds.")
    {
        kernel.AcceptOnlyFromAmong([.. Ladders.Names]);
        Add(kernel);
        foreach (Option o in (Option[])[device, threads, seconds, picture]) Add(o);
    }

    internal override BenchLadderRequest Read(ParseResult parsed, CommandContext context)
    {
        (int t, double s) = (parsed.GetValue(threads), parsed.GetValue(seconds));
        if (t is < 0 or > 255) throw new UsageException($"--threads {t}: must be 0 to 255.");
        if (!(s is >= 0 and <= 60)) throw new UsageException($"--seconds {s}: must be 0 to 60.");
        return new(parsed.GetRequiredValue(kernel), parsed.GetRequiredValue(device), t, s, parsed.GetValue(picture));
    }

    protected override ExitCode Run(BenchLadderRequest request, CommandContext context)
    {
        if (request.Device == "reference")
            throw new UsageException("--device reference: it has one form of each kernel, the definition, which rungs are checked with.");
        RunDevice.SetThreads(request.Threads);
        Device device = Device.Parse(request.Device);
        KernelMachine machine = KernelMachine.Of(device, 1);
        MachinePeak peak = MachinePeak.Measure(device);
        KernelLadder ladder = Ladders.Of(request.Kernel, device);
        string where = $"{ladder.Name} on {machine.Where}: {ladder.Problem}";
        string roofs = string.Create(CultureInfo.InvariantCulture,
            $"peak {peak.GflopsPerSecond:0} GFLOP/s, memory {peak.GigabytesPerSecond:0.0} GB/s");
        context.Result($"{where}; {roofs}");
        context.Terminal.Live("checking each rung against the reference");
        IReadOnlyList<RungTiming> timings = LadderRun.Time(ladder, peak, request.Seconds);
        context.Terminal.Live("");
        context.Result($"{"rung",-18} {"ms",9} {"+-",8} {"calls",5} {"% of roof",9} {"gain",7} {"error",8}  adds");
        foreach (RungTiming t in timings) context.Result(Line(t));
        context.ResultJson(Json(ladder, machine, peak, timings));
        if (request.Picture != null)
            ImageFile.Write(request.Picture, () => Encoding.UTF8.GetBytes($"{LadderPicture.Svg(where, roofs, timings)}\n"));
        return ExitCode.Success;
    }

    static string Line(RungTiming t)
    {
        string gain = t.Gain is { } g ? string.Create(CultureInfo.InvariantCulture, $"{g:0.00}x") : "";
        return string.Create(CultureInfo.InvariantCulture, $"{t.Rung.Name,-18} {1e3 * t.Warm.Median,9:0.000} {1e3 * t.Warm.Noise,8:0.000} "
            + $"{t.Warm.Count,5} {t.PercentOfRoof,9:0.0} {gain,7} {t.Error,8:0.0e-0}  {t.Rung.Adds}");
    }

    static JsonObject Json(KernelLadder ladder, KernelMachine machine, MachinePeak peak, IReadOnlyList<RungTiming> timings) => new()
    {
        ["kernel"] = ladder.Name,
        ["shape"] = ladder.Shape.Name,
        ["device"] = machine.Device,
        ["processor"] = machine.Processor,
        ["threads"] = machine.Threads,
        ["peak_gflops"] = peak.GflopsPerSecond,
        ["peak_gb_s"] = peak.GigabytesPerSecond,
        ["rungs"] = new JsonArray([.. timings.Select(t => new JsonObject
        {
            ["rung"] = t.Rung.Name,
            ["adds"] = t.Rung.Adds,
            ["ms"] = 1e3 * t.Warm.Median,
            ["noise_ms"] = 1e3 * t.Warm.Noise,
            ["calls"] = t.Warm.Count,
            ["percent_of_roof"] = t.PercentOfRoof,
            ["gain"] = t.Gain,
            ["error"] = t.Error,
        })]),
    };
}
