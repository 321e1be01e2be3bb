using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Interchange.Onnx;
using Sagan.Native.Interchange.StateDicts;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Commands;

/// <summary>What to look into: a file of tensors, a checkpoint folder or a run folder.</summary>
sealed record InspectRequest(string Path);

/// <summary>
/// <c>sagan inspect</c>: names, shapes and statistics of the tensors of a file, of a checkpoint, or of a run's newest checkpoint.
/// </summary>
sealed class InspectCommand : Verb<InspectRequest>
{
    readonly Argument<string> path = new("path") { Description = $"A file ({TensorFiles.Endings}), a checkpoint or a run folder." };

    public InspectCommand()
        : base("inspect", "Lists the tensors of a file: names, shapes, statistics, NaN count.")
    {
        Add(path);
    }

    internal override InspectRequest Read(ParseResult parsed, CommandContext context) =>
        new InspectRequest(parsed.GetRequiredValue(path));

    protected override ExitCode Run(InspectRequest request, CommandContext context)
    {
        JsonArray files = [];
        foreach (string path in Files(request.Path)) files.Add((JsonNode)Inspect(path, context));
        context.ResultJson(new JsonObject { ["files"] = files });
        return ExitCode.Success;
    }

    static IEnumerable<string> Files(string path)
    {
        if (File.Exists(path)) return [path];
        if (!Directory.Exists(path)) throw new RunFileException($"{path}: no such file or folder.");
        string checkpoints = Path.Combine(path, "checkpoints");
        if (Directory.Exists(checkpoints))
            path = CheckpointStore.ForReading(checkpoints).FindNewest(out _)?.Folder
                ?? throw new RunFileException($"{path}: the run has no sound checkpoint.");
        string[] files = [.. Directory.EnumerateFiles(path, "*.safetensors").Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new RunFileException($"{path}: holds no .safetensors file.");
    }

    static JsonObject Inspect(string path, CommandContext context)
    {
        using TensorFile file = TensorFiles.OpenWhole(path);
        context.Result($"{path}");
        foreach ((string key, string value) in About(file)) context.Result($"  {key} = {value}");
        int width = file.Entries.Select(e => e.Name.Length).DefaultIfEmpty().Max();
        JsonArray tensors = [];
        long total = 0;
        foreach (TensorEntry e in file.Entries)
        {
            Statistics s = Statistics.Of(file.Read<double>(e.Name));
            total += e.Count;
            string shape = $"[{string.Join(", ", e.Shape)}]";
            context.Result(string.Create(CultureInfo.InvariantCulture,
                $"  {e.Name.PadRight(width)}  {e.Dtype.Name(),-4} {shape,-20} mean {s.Mean,10:G4}  std {s.Deviation,10:G4}  min "
                    + $"{s.Min,10:G4}  max {s.Max,10:G4}{(s.NotFinite > 0 ? $"  NOT FINITE {s.NotFinite}" : "")}"));
            tensors.Add((JsonNode)new JsonObject
            {
                ["name"] = e.Name,
                ["dtype"] = e.Dtype.Name(),
                ["shape"] = new JsonArray([.. e.Shape.Select(n => JsonValue.Create(n))]),
                ["mean"] = Finite(s.Mean),
                ["std"] = Finite(s.Deviation),
                ["min"] = Finite(s.Min),
                ["max"] = Finite(s.Max),
                ["not_finite"] = s.NotFinite,
            });
        }
        context.Result(string.Create(CultureInfo.InvariantCulture, $"  {file.Entries.Count} tensors, {total:N0} numbers"));
        return new JsonObject { ["path"] = path, ["tensors"] = tensors };
    }

    static IEnumerable<(string Key, string Value)> About(TensorFile file) => file switch
    {
        SafetensorsReader safetensors => safetensors.Metadata.Select(m => (m.Key, m.Value)),
        OnnxReader onnx => onnx.About,
        PthReader pth => [("container", pth.Container)],
        _ => [],
    };

    static JsonNode? Finite(double x) => double.IsFinite(x) ? JsonValue.Create(x) : null;

    // Over the finite values.
    readonly record struct Statistics(double Mean, double Deviation, double Min, double Max, long NotFinite)
    {
        public static Statistics Of(double[] x)
        {
            double[] finite = [.. x.Where(double.IsFinite)];
            if (finite.Length == 0) return new Statistics(double.NaN, double.NaN, double.NaN, double.NaN, x.Length);
            double mean = finite.Average();
            return new Statistics(mean, Math.Sqrt(finite.Average(v => (v - mean) * (v - mean))), finite.Min(), finite.Max(),
                x.Length - finite.Length);
        }
    }
}
