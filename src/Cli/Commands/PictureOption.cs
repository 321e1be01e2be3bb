using Sagan.Native.Data.Images;

namespace Sagan.Native.Commands;

/// <summary>
/// What the verbs that write pictures have in common: a file that is named is written, and replaced; one that nobody named gets a name that
/// is free.
/// </summary>
static class PictureOption
{
    /// <summary>Extensions of files that are no folders for pictures, beside those of images.</summary>
    static readonly string[] otherFiles =
    [
        ".pdf", ".mp4", ".webm", ".avi", ".mov", ".mkv", ".zip", ".tar", ".gz", ".tgz", ".npz", ".npy", ".safetensors", ".pth", ".pt",
            ".onnx",
        ".json", ".txt", ".csv", ".html",
    ];

    static string Written => string.Join(", ", ImageEncoder.Extensions);

    /// <summary>Whether a path is that of a picture that can be written.</summary>
    public static bool IsPicture(string path) =>
        ImageEncoder.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>The path of a picture, as an option gives it.</summary>
    public static string Picture(string option, string path) =>
        IsPicture(path) ? path : throw new UsageException($"{option} {path}: a picture is written as {Written}; end the name with one "
            + "of them.");

    /// <summary>The path of a picture, or of a folder for several.</summary>
    public static string PictureOrFolder(string option, string path)
    {
        string extension = Path.GetExtension(path);
        bool isFile = ImageFormat.Extensions.Contains(extension) || otherFiles.Contains(extension, StringComparer.OrdinalIgnoreCase);
        if (!isFile || IsPicture(path) || Directory.Exists(path)) return path;
        string wayOut = extension.Equals(".npz", StringComparison.OrdinalIgnoreCase) ? "; arrays are written by --npz" : "";
        throw new UsageException($"{option} {path}: no {extension} can be written; a picture is {Written}, "
            + $"and a name without such an ending is a folder{wayOut}.");
    }

    /// <summary>The path, or where there is something the first of name-2, name-3, ... that is free.</summary>
    public static string Free(string path)
    {
        string result = path, bare = Path.ChangeExtension(path, null);
        for (int n = 2; Path.Exists(result); n++) result = $"{bare}-{n}{Path.GetExtension(path)}";
        return result;
    }
}
