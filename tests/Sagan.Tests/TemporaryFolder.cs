namespace Sagan.Native.Tests;

/// <summary>A new folder that is deleted with its content at the end of a test.</summary>
sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("sagan-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Path of a file in the folder, whose own folder is made.</summary>
    public static string operator /(TemporaryFolder folder, string name)
    {
        string path = folder.File(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        return path;
    }

    public string Write(string name, string content)
    {
        string path = this / name;
        System.IO.File.WriteAllText(path, content);
        return path;
    }

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
        }
    }
}
