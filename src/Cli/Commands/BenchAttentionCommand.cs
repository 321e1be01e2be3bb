using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Benchmarks;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>
/// Time attention, forward and backward, for numbers of positions; queries and keys have an eighth of the channels. Threads 0 = one for
/// each processor.
/// </summary>
sealed record BenchAttentionRequest(IReadOnlyList<int> Positions, int Batch, int Channels, string Device, int Threads);

/// <summary><c>sagan bench attention</c>.</summary>
sealed class BenchAttentionCommand : Verb<BenchAttentionRequest>
{
    static readonly int[] Default = [256, 1024, 4096, 16384];

    readonly Argument<int[]> positions =
        new("positions")
        {
            Description = "Pixels of a feature map: 4096 is 64x64.",
            Arity = ArgumentArity.ZeroOrMore,
            DefaultValueFactory = _ => Default
        };
    readonly Option<int> batch = new("--batch") { Description = "Images.", DefaultValueFactory = _ => 1, HelpName = "count" };
    readonly Option<int> channels =
        new("--channels") { Description = "Channels of the feature map.", DefaultValueFactory = _ => 64, HelpName = "count" };
    readonly Option<string> device =
        new("--device") { Description = "Where to compute.", DefaultValueFactory = _ => "cpu", HelpName = "device" };
    readonly Option<int> threads = new("--threads") { Description = "Threads; 0 = one for each processor.", HelpName = "count" };

    public BenchAttentionCommand()
        : base("attention", "Times attention, forward and backward, and measures its memory.")
    {
        Add(positions);
        Add(batch);
        Add(channels);
        Add(device);
        Add(threads);
    }

    internal override BenchAttentionRequest Read(ParseResult parsed, CommandContext context)
    {
        const int MostPositions = 1 << 18, MostElements = 1 << 30;
        (int[] n, int b, int c, int t) =
            (parsed.GetRequiredValue(positions), parsed.GetValue(batch), parsed.GetValue(channels), parsed.GetValue(threads));
        foreach (int p in n)
            if (p is < 1 or > MostPositions) throw new UsageException($"positions {p}: must be 1 to {MostPositions}.");
        if (b < 1) throw new UsageException($"--batch {b}: must be at least 1.");
        if (c < 8) throw new UsageException($"--channels {c}: must be at least 8, since queries and keys have an eighth of them.");
        if ((long)b * c * n.Max() > MostElements)
            throw new UsageException($"--batch {b} --channels {c}: with {n.Max()} positions that is more than {MostElements} numbers.");
        if (t is < 0 or > 255) throw new UsageException($"--threads {t}: must be 0 to 255.");
        return new BenchAttentionRequest(n, b, c, parsed.GetRequiredValue(device), t);
    }

    protected override ExitCode Run(BenchAttentionRequest request, CommandContext context)
    {
        RunDevice.SetThreads(request.Threads);
        Device device = Device.Parse(request.Device);
        int dk = request.Channels / 8, dv = request.Channels;
        AttentionBenchmark.WarmUp(device, dk, dv);
        context.Result($"attention, forward and backward: batch {request.Batch}, dk {dk}, dv {dv}, "
            + $"{(device.IsHost ? $"{WorkerPool.Threads} threads" : device)}");
        context.Result($"{"positions",9} {"ms",10} {"tensors MB",10} {"all MB",10}");
        JsonArray rows = [];
        // Upwards: the peak of a process never falls.
        foreach (int n in request.Positions.Order())
        {
            AttentionTiming t = AttentionBenchmark.Measure(device, request.Batch, n, dk, dv);
            context.Result(string.Create(CultureInfo.InvariantCulture, $"{n,9} {t.Milliseconds,10:0.000} {t.TensorMb,10:0.0} "
                + $"{t.RssMb,10:0.0}"));
            rows.Add((JsonNode)new JsonObject
            {
                ["positions"] = n,
                ["ms"] = t.Milliseconds,
                ["tensor_mb"] = t.TensorMb,
                ["rss_mb"] = t.RssMb,
            });
        }
        context.ResultJson(new JsonObject
        {
            ["device"] = device.Name,
            ["batch"] = request.Batch,
            ["dk"] = dk,
            ["dv"] = dv,
            ["threads"] = WorkerPool.Threads,
            ["attention"] = rows
        });
        return ExitCode.Success;
    }
}
