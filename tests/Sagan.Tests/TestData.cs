using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests;

/// <summary>
/// The test data folder: larger files that are not in the repository. Tests that want one are skipped where it is absent.
/// </summary>
static class TestData
{
    static readonly string? Root = Find();

    /// <summary>Path of a file or folder in the test data folder; skips the test where there is none.</summary>
    public static string Path(string name)
    {
        string? path = Root is null ? null : System.IO.Path.Combine(Root, name);
        bool found = path is not null && (File.Exists(path) || Directory.Exists(path));
        Assert.SkipUnless(found, $"the test data folder has no {name} (set SAGAN_TEST_DATA to the folder)");
        return path!;
    }

    /// <summary>The picture of a file.</summary>
    public static Image Load(string path) => ImageFile.Decode(File.ReadAllBytes(path), path);

    /// <summary>The folder that SAGAN_TEST_DATA names, or shared/data in a folder above the tests.</summary>
    static string? Find()
    {
        if (Environment.GetEnvironmentVariable("SAGAN_TEST_DATA") is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? named : null;
        }
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine(folder.FullName, "shared", "data");
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }
        return null;
    }
}
