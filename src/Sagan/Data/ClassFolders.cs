namespace Sagan.Native.Data;

/// <summary>
/// Labels from folders. Where every image lies in a subfolder, and there are at least two, each first-level folder is a class; labels
/// follow the ordinal order of the names. Folders that hold everything (an archive's <c>photos/</c>) are looked through first. One folder
/// alone, or images beside folders, is a set without labels. Folders that hold only subfolders, and those of the same names (<c>train</c>
/// and <c>val</c>, each with <c>cat</c> and <c>dog</c>), look like parts of one set: they are classes still, and <see cref="PartsNote"/>
/// tells of the doubt.
/// </summary>
static class ClassFolders
{
    /// <summary>Class names and one label per path; paths are relative with '/' between folders. No classes: no names and zeros.</summary>
    public static (string[] Classes, int[] Labels) Of(IReadOnlyList<string> paths)
    {
        int[] labels = new int[paths.Count];
        int start = 0;
        while (true)
        {
            string[] folders = new string[paths.Count];
            for (int i = 0; i < paths.Count; i++)
            {
                int slash = paths[i].IndexOf('/', start);
                if (slash < 0)
                {
                    return ([], labels);
                }
                folders[i] = paths[i][start..slash];
            }
            string[] classes = [.. folders.Distinct().Order(StringComparer.Ordinal)];
            if (classes.Length == 0)
            {
                return ([], labels);
            }
            if (classes.Length > 1)
            {
                Dictionary<string, int> ids = classes.Select((name, id) => (name, id)).ToDictionary(c => c.name, c => c.id);
                return (classes, [.. folders.Select(f => ids[f])]);
            }
            start += classes[0].Length + 1;
        }
    }

    /// <summary>
    /// Why the classes that <see cref="Of"/> finds may be none, null where nothing speaks against them: two or more of the folders hold
    /// subfolders only, at least two, and of the fewer names all are among the other's.
    /// </summary>
    public static string? PartsNote(IReadOnlyList<string> paths, IReadOnlyList<string> classes)
    {
        if (classes.Count < 2 || paths.Count == 0) return null;
        // Of all paths the classes stand at the same depth.
        string[] first = paths[0].Split('/');
        int depth = Array.FindIndex(first, f => classes.Contains(f));
        if (depth < 0) return null;
        Dictionary<string, HashSet<string>?> within = [];
        foreach (string path in paths)
        {
            string[] parts = path.Split('/');
            HashSet<string>? names = within.TryGetValue(parts[depth], out HashSet<string>? seen) ? seen : [];
            // An image in the class folder itself: that one is no part.
            if (parts.Length < depth + 3) names = null;
            else names?.Add(parts[depth + 1]);
            within[parts[depth]] = names;
        }
        (string Name, HashSet<string> Names)[] nested = [.. within.Where(w => w.Value is { Count: > 1 }).Select(w => (w.Key, w.Value!))
            .OrderByDescending(w => w.Item2.Count).ThenBy(w => w.Key, StringComparer.Ordinal)];
        string[] alike = nested.Length < 2 ? []
            : [.. nested.Where(n => n.Names.IsSubsetOf(nested[0].Names)).Select(n => n.Name).Order(StringComparer.Ordinal)];
        if (alike.Length < 2) return null;
        string parent = string.Concat(first.Take(depth).Select(p => p + "/"));
        string shown = string.Join(", ", nested[0].Names.Order(StringComparer.Ordinal).Take(4));
        return $"the folders {string.Join(" and ", alike.Take(3).Select(a => $"'{DataException.Printable(parent + a)}'"))} hold "
            + $"subfolders of the same names ({DataException.Printable(shown)}{(nested[0].Names.Count > 4 ? ", ..." : "")}): they look "
                + "like parts of one set, not like classes";
    }

    /// <summary>
    /// The folders without an image among those that make classes: beside the class folders, or beside the one folder that holds
    /// everything. Folders are paths that end with '/'. Images that lie in no folder make no classes, and no empty ones.
    /// </summary>
    public static string[] Empty(IReadOnlyList<string> paths, IEnumerable<string> folders)
    {
        HashSet<string> full = [];
        foreach (string path in paths)
        {
            for (int slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1)) full.Add(path[..(slash + 1)]);
        }
        // A level belongs to classes where every image lies in a folder of it.
        string[] empty = [.. folders.Distinct().Where(folder => !full.Contains(folder)).Order(StringComparer.Ordinal)];
        List<string> found = [];
        for (int start = 0; paths.Count > 0 && paths.All(p => p.IndexOf('/', start) >= 0);)
        {
            string above = paths[0][..start];
            IEnumerable<string> beside = empty
                .Where(f => f.StartsWith(above, StringComparison.Ordinal) && f.IndexOf('/', start) == f.Length - 1);
            found.AddRange(beside.Select(f => f[start..^1]));
            string first = paths[0][..(paths[0].IndexOf('/', start) + 1)];
            if (!paths.All(p => p.StartsWith(first, StringComparison.Ordinal))) break;
            start = first.Length;
        }
        return [.. found];
    }

    /// <summary>
    /// True for a path whose last part is hidden, or that lies in a hidden folder or among the resource forks of an archive made by macOS.
    /// </summary>
    public static bool IsHidden(string path) => path.Split('/').Any(part => part.StartsWith('.') || part == "__MACOSX");

    /// <summary>A line about the files that are no images, null where there are none.</summary>
    public static string? IgnoredNote(IReadOnlyCollection<string> ignored)
    {
        if (ignored.Count == 0)
        {
            return null;
        }
        IEnumerable<string> kinds = ignored.GroupBy(p => Path.GetExtension(p).ToLowerInvariant())
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal)
            .Take(4).Select(g => $"{(g.Key.Length == 0 ? "without extension" : DataException.Printable(g.Key))} {g.Count()}");
        return $"{ignored.Count} other files are not images by their names: {string.Join(", ", kinds)}";
    }
}
