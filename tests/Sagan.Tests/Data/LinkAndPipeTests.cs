using System.Diagnostics;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Interchange;
using Sagan.Native.Interchange.StateDicts;
using Sagan.Native.Training;
using static Sagan.Native.Tests.Data.DatasetFiles;

namespace Sagan.Native.Tests.Data;

/// <summary>What lies in a folder of images and is no plain file.</summary>
public class LinkAndPipeTests
{
    static readonly DatasetOptions Small = new() { Size = 16 };

    [Fact]
    public void Links_are_followed_once_and_never_in_circles()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "making links needs rights on Windows");
        using TemporaryFolder folder = new(), other = new();
        Save(folder / "a/1.png", 1);
        Save(other / "far/2.png", 2);
        Directory.CreateSymbolicLink(folder / "a/up", folder.Path);
        Directory.CreateSymbolicLink(folder / "b", other / "far/../far");
        Directory.CreateSymbolicLink(folder / "c", Path.Combine(other.Path, "far"));
        File.CreateSymbolicLink(folder / "a/3.png", Path.Combine(other.Path, "far", "2.png"));
        File.CreateSymbolicLink(folder / "a/gone.png", "/nowhere.png");
        using ImageDataset data = Dataset.Open(folder.Path, Small);
        Assert.Equal(3, data.Count);
        Assert.Equal("a/gone.png", Assert.Single(data.Report.Skipped).Name);
    }

    /// <summary>A pipe would wait for a writer: neither in a folder nor as the source is one opened.</summary>
    [Fact]
    public void Pipes_and_devices_are_left_out_or_refused()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no mkfifo on Windows");
        using TemporaryFolder folder = new();
        Save(folder / "a/1.png", 1);
        Pipe(folder / "a/pipe.png");
        File.CreateSymbolicLink(folder / "a/null.png", "/dev/null");
        File.CreateSymbolicLink(folder / "a/zero.png", "/dev/zero");
        File.CreateSymbolicLink(folder / "a/linked.png", folder / "a/pipe.png");
        using ImageDataset data = Dataset.Open(folder / "a", Small);
        Assert.Equal(1, data.Count);
        Dictionary<string, string> reasons = data.Report.Skipped.ToDictionary(s => s.Name, s => s.Reason);
        const string reason = "cannot be opened: it is a pipe, a socket or a device, not a file";
        Assert.Equal((reason, reason, reason), (reasons["pipe.png"], reasons["linked.png"], reasons["zero.png"]));
        Assert.Equal("the file is empty", reasons["null.png"]);
        foreach (string name in (string[])["set", "set.zip", "set.npz", "set.npy", "set.safetensors", "set.bin", "folder/data_batch_1.bin",
            "idx/train-images-idx3-ubyte"])
        {
            Pipe(folder / name);
            string source = name.Contains('/') ? folder / name[..name.IndexOf('/')] : folder / name;
            Assert.Contains("it is a pipe, a socket or a device", Assert.Throws<DataException>(() => Dataset.Open(source, Small)).Message);
        }
        foreach (string name in (string[])["c.json", "c.pth", "d.safetensors"]) Pipe(folder / name);
        Assert.Contains("it is a pipe",
            Assert.Throws<ConfigException>(() => ResolvedConfig.Resolve(new ConfigSources { File = folder / "c.json" })).Message);
        Assert.Contains("it is a pipe", Assert.Throws<InterchangeException>(() => TensorFiles.Open(folder / "c.pth").Dispose()).Message);
        Assert.Contains("it is a pipe", Assert.ThrowsAny<Exception>(() => TensorFiles.Open(folder / "d.safetensors").Dispose()).Message);
    }

    static void Pipe(string path)
    {
        using Process made = Process.Start("mkfifo", [path]);
        made.WaitForExit();
        Assert.Equal(0, made.ExitCode);
    }
}
