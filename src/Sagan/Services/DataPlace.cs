using Sagan.Native.Configuration;
using Sagan.Native.Data;

namespace Sagan.Native.Services;

/// <summary>Where the images of a run are, for a program that works in another folder than the one in which the run began.</summary>
static class DataPlace
{
    // run, runs, the folder of the project, and one more.
    const int FoldersAbove = 4;

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
