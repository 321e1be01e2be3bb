using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>
/// The images in a folder and its subfolders, in the ordinal order of their paths; class folders give labels (<see cref="ClassFolders"/>).
/// Links are followed, once.
/// </summary>
sealed class FolderSource : ImageSource
{
    readonly string root;
    readonly ImageLimit limit;
    readonly string[] paths;
    readonly string[] classes;
    readonly int[] labels;
    readonly List<string> ignored = [], folders = [];

    public FolderSource(string root, ImageLimit limit, CancellationToken cancellation)
    {
        (this.root, this.limit) = (root, limit);
        List<string> found = [];
        try
        {
            Collect(new DirectoryInfo(root), "", found, [], cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException(root, "the folder cannot be read: " + e.Message, e);
        }
        found.Sort(StringComparer.Ordinal);
        paths = [.. found];
        (classes, labels) = ClassFolders.Of(paths);
        ClassDoubt = ClassFolders.PartsNote(paths, classes);
    }

    public override string Kind => classes.Length > 0 ? "class folders" : "image folder";

    public override int Count => paths.Length;

    public override IReadOnlyList<string> Classes => classes;

    public override string? ClassDoubt { get; }

    public override IEnumerable<string> Notes => ClassFolders.IgnoredNote(ignored) is string note ? [note] : [];

    public override IEnumerable<string> EmptyClasses => ClassFolders.Empty(paths, folders);

    public override string Name(int index) => paths[index];

    public override int Label(int index) => labels[index];

    public override Image Read(int index) =>
        ImageFile.Decode(Files.ReadAll(Path.Combine(root, paths[index]), paths[index]), paths[index], limit);

    void Collect(DirectoryInfo folder, string prefix, List<string> found, HashSet<string> linked, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            string path = prefix + entry.Name;
            if (ClassFolders.IsHidden(entry.Name))
            {
                continue;
            }
            if (entry is DirectoryInfo child)
            {
                if (child.LinkTarget is null || IsNew(child, linked))
                {
                    folders.Add(path + "/");
                    Collect(child, path + "/", found, linked, cancellation);
                }
            }
            else if (ImageFormat.Extensions.Contains(entry.Extension))
            {
                found.Add(path);
            }
            else
            {
                ignored.Add(path);
            }
        }
    }

    /// <summary>
    /// A linked folder is entered once, and never where it leads back to a folder above: links cannot make the walk endless.
    /// </summary>
    static bool IsNew(DirectoryInfo link, HashSet<string> linked)
    {
        char slash = Path.DirectorySeparatorChar;
        string? target = link.ResolveLinkTarget(returnFinalTarget: true)?.FullName.TrimEnd(slash);
        bool above = target is not null && (link.FullName + slash).StartsWith(target + slash, StringComparison.Ordinal);
        return target is not null && !above && linked.Add(target);
    }
}
