using System.Text;

namespace Sagan.Native.Data;

/// <summary>A file that is not part of the set, and why.</summary>
public sealed record SkippedFile(string Name, string Reason);

/// <summary>A class and the number of its images.</summary>
public sealed record DatasetClass(string Name, int Count);

/// <summary>What a data set turned out to be: shown before training and kept with the run.</summary>
public sealed record DatasetReport
{
    /// <summary>The path or name it was opened by.</summary>
    public required string Source { get; init; }

    /// <summary>What it is: image folder, zip of images, IDX, CIFAR-10, creatures.</summary>
    public required string Kind { get; init; }

    /// <summary>Number of usable images.</summary>
    public required int Count { get; init; }

    /// <summary>Width and height of the images of the set.</summary>
    public required int Size { get; init; }

    /// <summary>Channels of the images of the set; the originals may have others.</summary>
    public required int Channels { get; init; }

    /// <summary>Smallest width and smallest height of the originals.</summary>
    public required (int Width, int Height) Smallest { get; init; }

    /// <summary>Largest width and largest height of the originals.</summary>
    public required (int Width, int Height) Largest { get; init; }

    /// <summary>Classes in the order of their labels; empty for a set without labels.</summary>
    public required IReadOnlyList<DatasetClass> Classes { get; init; }

    /// <summary>Why the classes may be none, though folders look like them; null where nothing speaks against them.</summary>
    public string? ClassDoubt { get; init; }

    /// <summary>Images left out, with the reason, in the order of the set.</summary>
    public required IReadOnlyList<SkippedFile> Skipped { get; init; }

    /// <summary>What a user should know: other files in the folder, originals smaller than the size, ...</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>What is hardly meant so: classes without an image.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>
    /// SHA-256, in hexadecimal, of the decoded, cropped and resized pixels and the labels in the order of the set: equal for what trains
    /// equally.
    /// </summary>
    public required string ContentHash { get; init; }

    /// <summary>True where all decoded images are kept in memory.</summary>
    public required bool Cached { get; init; }

    /// <summary>The report as lines of text, with at most <paramref name="mostSkipped"/> of the skipped files.</summary>
    public string ToText(int mostSkipped = 10)
    {
        StringBuilder text = new();
        text.Append(Source).Append(": ").Append(Kind).Append(", ").Append(Count).Append(Count == 1 ? " image" : " images").Append(", ");
        text.Append(Smallest.Width).Append('x').Append(Smallest.Height);
        if (Smallest != Largest)
        {
            text.Append(" to ").Append(Largest.Width).Append('x').Append(Largest.Height);
        }
        text.Append(" -> ").Append(Size).Append('x').Append(Size).Append(Channels switch { 1 => " grey", 3 => " RGB", _ => " RGBA" });
        text.Append(Cached ? ", in memory" : ", decoded on demand").Append('\n');
        if (Classes.Count > 0)
        {
            text.Append("  ").Append(Classes.Count).Append(" classes: ");
            text.AppendJoin(", ", Classes.Take(20).Select(c => $"{DataException.Printable(c.Name)} {c.Count}"));
            text.Append(Classes.Count > 20 ? ", ..." : "").Append('\n');
        }
        foreach (string note in Notes)
        {
            text.Append("  ").Append(note).Append('\n');
        }
        if (Skipped.Count > 0)
        {
            text.Append("  skipped ").Append(Skipped.Count).Append(":\n");
            foreach (SkippedFile file in Skipped.Take(mostSkipped))
            {
                text.Append("    ").Append(file.Name).Append(": ").Append(file.Reason).Append('\n');
            }
            if (Skipped.Count > mostSkipped)
            {
                text.Append("    and ").Append(Skipped.Count - mostSkipped).Append(" more\n");
            }
        }
        return text.Append("  content ").Append(ContentHash.AsSpan(0, 16)).Append('\n').ToString();
    }
}
