using System.Text;
using System.Xml.Linq;
using Sagan.Native.Cli;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Images;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Services;

/// <summary>What several verbs need before they can begin.</summary>
static class Setup
{
    /// <summary>Sets the number of threads; 0 = one for each processor.</summary>
    public static void Threads(int count) => WorkerPool.Threads = count == 0 ? Environment.ProcessorCount : count;

    /// <summary>Tells a device how exactly to multiply, and the user if it cannot but do it in float32.</summary>
    public static void Precision(string name, MatMulPrecision precision, CliContext context)
    {
        Device device = Device.Parse(name);
        device.MatMulPrecision = precision;
        if (device.MatMulPrecision != precision)
            context.Terminal.Warning($"matmul precision {Words.Of(precision)}: {device} has no tensor cores, as NVIDIA GPUs have from compute capability 8.0 on; "
                + $"it stays at {Words.Of(device.MatMulPrecision)}, float32.");
    }

    /// <inheritdoc cref="Precision(string, MatMulPrecision, CliContext)"/>
    public static void Precision(RunConfig config, CliContext context) => Precision(config.Training.Device, config.Training.MatMulPrecision, context);

    /// <summary>Opens the data set of a configuration, with progress on stderr.</summary>
    /// <param name="config">Says which.</param>
    /// <param name="context">Where the progress goes.</param>
    /// <param name="cacheBytes">See <see cref="DatasetOptions.CacheBytes"/>.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static ImageDataset OpenData(RunConfig config, CliContext context, long? cacheBytes = null, CancellationToken cancellation = default)
    {
        Terminal terminal = context.Terminal;
        DataConfig d = config.Data;
        ImageDataset data = Dataset.Open(d.Source, new DatasetOptions
        {
            Size = config.Model.Size,
            Channels = config.Model.Channels,
            Classes = d.Classes.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
            Crop = d.Crop == CropKind.Centre ? CropMode.Centre : CropMode.None,
            CropPixels = d.CropPixels,
            MaxMegapixels = d.MaxMegapixels,
            SkipBadImages = d.SkipBadImages,
            CacheBytes = cacheBytes,
            CreatureCount = d.CreatureCount,
            CreatureSeed = d.CreatureSeed,
            Progress = terminal.IsLive ? new Live(terminal) : null,
        }, cancellation);
        if (terminal.IsLive) terminal.Live("");
        foreach (string warning in data.Report.Warnings) terminal.Warning(warning);
        return data;
    }

    /// <summary>Writes a picture in the format of its name, whole or not at all.</summary>
    public static void WriteImage(string path, Image image, params IEnumerable<KeyValuePair<string, string>> text) =>
        WritePicture(path, () => ImageEncoder.Encode(image, Path.GetExtension(path), text));

    /// <summary>Writes a picture in SVG, whole or not at all.</summary>
    public static void WriteSvg(string path, XElement svg) => WritePicture(path, () => Encoding.UTF8.GetBytes(svg.ToString() + "\n"));

    static void WritePicture(string path, Func<byte[]> encode)
    {
        try
        {
            byte[] bytes = encode();
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
            AtomicFile.Write(path, s => s.Write(bytes));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RunFileException($"{path}: the picture cannot be written: {e.Message}", e);
        }
    }

    // Not Progress<T>: it would post to another thread and show old numbers after the end.
    sealed class Live(Terminal terminal) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress p) => terminal.Live($"reading images: {p.Done}/{p.Total}{(p.Skipped > 0 ? $", {p.Skipped} skipped" : "")}");
    }
}
