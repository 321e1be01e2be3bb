using Sagan.Native.Data;
using Sagan.Native.Models;

namespace Sagan.Native.Training;

/// <summary>
/// The images of a run: where they are, for a program that works in another folder than the one in which the run began, and whether they
/// fit.
/// </summary>
static class RunData
{
    // run, runs, the folder of the project, and one more.
    const int FoldersAbove = 4;

    /// <summary>Hands out images that are open, or opens those that a configuration names, and warms its device up meanwhile.</summary>
    public static Func<RunConfig, ImageDataset> Opener(ImageDataset? data) =>
        data != null ? _ => data : config => WarmUp.OpenData(config, cancellation => config.OpenData(cancellation: cancellation));

    /// <summary>The images of a new run, and its configuration with what they decide. A dry run begins like this, too.</summary>
    /// <param name="resolved">The configuration.</param>
    /// <param name="open">Opens the images.</param>
    /// <param name="owns">Whether they are to be closed where they do not fit.</param>
    public static (ResolvedConfig Config, ImageDataset Data) Open(ResolvedConfig resolved, Func<RunConfig, ImageDataset> open,
        bool owns = true)
    {
        RunConfig config = resolved.Config;
        IReadOnlyDictionary<string, string> origins = resolved.Origins;
        // The configuration of another run knows where its images are.
        RunConfig found = config.Data.Path.Length > 0 && origins["data.path"] == origins["data.source"]
            ? Find(config, Path.GetDirectoryName(Path.GetFullPath(origins["data.path"])) ?? ".")
            : config;
        ImageDataset data = open(found);
        try
        {
            CheckFits(found, data);
            RunConfig placed = config with { Data = config.Data with { Path = Here(found).Data.Path } };
            return (WithClasses(resolved with { Config = placed }, data), data);
        }
        catch
        {
            if (owns) data.Dispose();
            throw;
        }
    }

    /// <summary>Throws <see cref="DataException"/> for images that the networks cannot see.</summary>
    public static void CheckFits(RunConfig config, ImageDataset data)
    {
        ModelConfig m = config.Model;
        if (data.Size != m.Size || data.Channels != m.Channels)
            throw new DataException(data.Report.Source, $"the images were opened as {data.Size}x{data.Size} with {data.Channels} channels, "
                + "and the networks "
                + $"are for {m.Size}x{m.Size} with {m.Channels}; open them by the configuration's OpenData, or change model.size and "
                    + "model.channels");
    }

    // A conditional model has as many classes as its data.
    static ResolvedConfig WithClasses(ResolvedConfig resolved, ImageDataset data)
    {
        ModelConfig m = resolved.Config.Model;
        if (!m.Conditional) return resolved;
        string source = resolved.Config.Data.Source;
        if (data.ClassCount == 0)
            throw new DataException(source, "the set has no classes, which a conditional model needs: a folder for each class gives them");
        if (data.Report.ClassDoubt is { } doubt)
            throw new DataException(source, $"{doubt}; give one of them with --data, or name the classes if they are such: "
                + $"--set {ShellCommand.Quote($"data.classes={ClassNames.Join(data.Report.Classes.Select(c => c.Name))}")}");
        string origin = resolved.Origins["model.classes"];
        if (m.Classes != 0 && m.Classes != data.ClassCount)
            throw new UsageException($"model.classes = {m.Classes} (from {origin}): the data set has {data.ClassCount} classes; "
                + "leave it, or --set model.classes=0.");
        Dictionary<string, string> origins = new(resolved.Origins) { ["model.classes"] = m.Classes == 0 ? "the data set" : origin };
        return resolved with { Config = resolved.Config with { Model = m with { Classes = data.ClassCount } }, Origins = origins };
    }

    /// <summary>The configuration with the absolute path of its images, as seen from the working folder.</summary>
    public static RunConfig Here(RunConfig config)
    {
        DataConfig d = config.Data;
        return config with { Data = d with { Path = d.Source == Dataset.Creatures ? "" : Path.GetFullPath(d.Source) } };
    }

    /// <summary>
    /// The configuration with the images under the place where they are now: the path where they were, the path as it was typed, seen from
    /// the working folder, from the run's and from those above it; as typed where they are in none of these.
    /// </summary>
    public static RunConfig Find(RunConfig config, string run)
    {
        DataConfig d = config.Data;
        if (d.Source == Dataset.Creatures) return config;
        List<string> places = [d.Path, d.Source];
        string? folder = Path.GetFullPath(run);
        for (int i = 0; i < FoldersAbove && folder != null; i++, folder = Path.GetDirectoryName(folder))
            places.Add(Path.Combine(folder, d.Source));
        return places.FirstOrDefault(Exists) is { } place ? config with { Data = d with { Source = place } } : config;
    }

    /// <summary>Throws <see cref="DataException"/> with the way out where the images of a run are not found.</summary>
    public static void CheckIsThere(RunConfig found, string run)
    {
        DataConfig d = found.Data;
        if (d.Source == Dataset.Creatures || Exists(d.Source)) return;
        string before = d.Path.Length == 0 || d.Path == d.Source ? "" : $", nor is it at {d.Path} any more";
        throw new DataException(d.Source,
            $"no such file or folder{before}; if it was moved, say where it is now: {ShellCommand.Of("resume", run, "--data", "PATH")}");
    }

    static bool Exists(string path) => File.Exists(path) || Directory.Exists(path);
}
