namespace Sagan.Native.Tests;

/// <summary>A new folder that is deleted at the end of a test.</summary>
sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sagan-test-").FullName;

    /// <summary>Path of a file in the folder, whose own folder is made.</summary>
    public static string operator /(TemporaryFolder folder, string name)
    {
        string path = System.IO.Path.Combine(folder.Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
