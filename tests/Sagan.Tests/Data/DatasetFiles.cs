using System.IO.Compression;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Tests.Images;

namespace Sagan.Native.Tests.Data;

/// <summary>Files that data sets of tests are made of.</summary>
static class DatasetFiles
{
    /// <summary>A creature as a file.</summary>
    public static void Save(string path, int index, int width = 16, int height = 16) =>
        ImageFile.Save(path, Resize.To(Creature.FromSeed(1, index).Draw(32), width, height));

    /// <summary>A JPEG of the golden files.</summary>
    public static byte[] Jpeg(string name) => ImageGolden.File($"jpeg/{name}.jpg");

    /// <summary>The folder as an archive in itself, so that it goes with it.</summary>
    public static string Zip(TemporaryFolder folder)
    {
        string path = folder.Path.TrimEnd('/') + ".zip";
        ZipFile.CreateFromDirectory(folder.Path, path);
        byte[] bytes = File.ReadAllBytes(path);
        File.Delete(path);
        File.WriteAllBytes(folder / "all.zip", bytes);
        return folder / "all.zip";
    }
}
