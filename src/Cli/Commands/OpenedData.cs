using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>Data sets that are opened with the progress on stderr.</summary>
static class OpenedData
{
    /// <summary>The data set of a configuration.</summary>
    /// <param name="config">Says which.</param>
    /// <param name="context">Where progress and warnings go.</param>
    /// <param name="cacheBytes">See <see cref="DatasetOptions.CacheBytes"/>.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static ImageDataset Of(RunConfig config, CommandContext context, long? cacheBytes = null,
        CancellationToken cancellation = default)
    {
        Terminal terminal = context.Terminal;
        DatasetOptions options = config.Data.Options(config.Model.Size, config.Model.Channels) with
        {
            CacheBytes = cacheBytes,
            Progress = terminal.IsLive ? new Live(terminal) : null,
        };
        ImageDataset data = Dataset.Open(config.Data.Source, options, cancellation);
        if (terminal.IsLive) terminal.Live("");
        foreach (string warning in data.Report.Warnings) terminal.Warning(warning);
        return data;
    }

    /// <summary>The same for a run, whose device warms up meanwhile.</summary>
    public static ImageDataset OfRun(RunConfig config, CommandContext context) =>
        WarmUp.OpenData(config, cancellation => Of(config, context, cancellation: cancellation));

    // Not Progress<T>: it would post to another thread and show old numbers after the end.
    sealed class Live(Terminal terminal) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress p) =>
            terminal.Live($"reading images: {p.Done}/{p.Total}{(p.Skipped > 0 ? $", {p.Skipped} skipped" : "")}");
    }
}
