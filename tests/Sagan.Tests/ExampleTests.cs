using System.Buffers.Binary;
using System.Diagnostics;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests;

/// <summary>
/// Every file in examples/ is compiled and run, with little to do: the server as its reader runs it, the others by the compiler alone,
/// since their directives are the server's.
/// </summary>
public sealed class ExampleTests
{
    static readonly string Folder = Path.Combine(Repository.Root, "examples");

    static readonly string Dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    static string Run(string example, TemporaryFolder folder, params string[] arguments)
    {
        string path = Path.Combine(Folder, example), program = folder.File($"{example}.dll");
        File.WriteAllBytes(program, CSharpProgram.Compile(example, OutputKind.ConsoleApplication, (path, File.ReadAllText(path))).Assembly);
        ProcessStartInfo child = ChildProgram.Describe(["run", program, .. arguments]);
        ChildProcess run = ChildProcess.Run(child.FileName, child.ArgumentList, folder.Path);
        Assert.True(run.ExitCode == 0, run.All);
        return run.Output;
    }

    [Fact]
    public void Directives_are_those_of_the_server_or_of_a_part_of_it()
    {
        string[] server = Directives("serve.cs");
        Assert.Equal(["#:sdk Microsoft.NET.Sdk.Web", "#:project ../src/Sagan/Sagan.csproj", "#:property PublishAot=false"], server);
        string[] known = [.. server[1..], "#:project ../src/Tensor/Tensor.csproj"];
        foreach (string path in Directory.GetFiles(Folder, "*.cs"))
            if (Path.GetFileName(path) is var name and not "serve.cs") Assert.Subset(known.ToHashSet(), Directives(name).ToHashSet());

        static string[] Directives(string example) => [.. File.ReadLines(Path.Combine(Folder, example)).Where(l => l.StartsWith("#:"))];
    }

    [Fact]
    public void Each_has_its_line_in_the_table()
    {
        string table = File.ReadAllText(Path.Combine(Folder, "README.md"));
        string[] listed = [.. Regex.Matches(table, @"(?m)^\| `(\w+\.cs)` .*`dotnet run -c Release (\w+\.cs)\b").Select(m =>
        {
            Assert.Equal(m.Groups[1].Value, m.Groups[2].Value);
            return m.Groups[1].Value;
        })];
        Assert.Equal(Directory.GetFiles(Folder, "*.cs").Select(Path.GetFileName).Order(StringComparer.Ordinal),
            listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_run_is_trained_on_a_folder_and_served()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 40; i++) ImageFile.Save(folder.File($"PHOTOS/{i}.png"), Creature.FromSeed(3, i).Draw(32));
        string output = Run("train.cs", folder, "PHOTOS", "training.steps=3", "training.batch=4", "model.convDim=8");
        Assert.Matches("(?m)^finished at step 3", output);
        Assert.Equal((8 * 34 + 2, 4 * 34 + 2), Size(TestData.Load(folder.File("samples.png"))));

        string run = Assert.Single(Directory.GetDirectories(folder.File("runs")));
        using Process server = Process.Start(
            // The checkout is built already, and these tests are running from it.
            ChildProcess.Describe(Dotnet, ["run", "-c", "Release", "-p:BuildProjectReferences=false", Path.Combine(Folder, "serve.cs"),
                "--", run, "--urls", "http://127.0.0.1:0"], folder.Path))!;
        try
        {
            string? address = null;
            using CancellationTokenSource limit = new(TimeSpan.FromSeconds(300));
            while (address == null && await server.StandardOutput.ReadLineAsync(limit.Token) is { } line)
                if (Regex.Match(line, @"Now listening on: (\S+)") is { Success: true } m) address = m.Groups[1].Value;
            Assert.NotNull(address);
            using HttpClient client = new() { BaseAddress = new Uri(address) };
            byte[][] pictures = await Task.WhenAll(
                Enumerable.Range(0, 12).Select(i => client.GetByteArrayAsync($"/sample?seed={i % 3}", limit.Token)));
            for (int i = 0; i < pictures.Length; i++) Assert.Equal(pictures[i % 3], pictures[i]);
            Assert.NotEqual(pictures[0], pictures[1]);
            Assert.Equal((36, 36), Size(ImageFile.Decode(pictures[0], "sample")));
            Assert.Equal(400, (int)(await client.GetAsync(new Uri("/sample?count=1000", UriKind.Relative), limit.Token)).StatusCode);
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }

        static (int, int) Size(Image image) => (image.Width, image.Height);
    }

    [Fact]
    public void The_classifier_learns_from_idx_files()
    {
        using TemporaryFolder folder = new();
        WriteIdx("train", 640);
        WriteIdx("t10k", 200);
        string output = Run("classifier.cs", folder, folder.Path, "2");
        Assert.Contains("640 images to learn from, 200 to test with, 4 classes", output, StringComparison.Ordinal);
        Match last = Regex.Match(output, @"(?m)^epoch 2: loss \d\.\d+, ([\d.]+)\s?% of the test images right");
        Assert.True(last.Success && double.Parse(last.Groups[1].Value) > 90, output);

        // Images whose class is the quarter of it that is bright.
        void WriteIdx(string name, int count)
        {
            Random random = new(count);
            byte[] images = new byte[16 + count * 784], labels = new byte[8 + count];
            Head(images, 0x803, count, 28, 28);
            Head(labels, 0x801, count);
            for (int i = 0; i < count; i++)
            {
                int label = labels[8 + i] = (byte)random.Next(4);
                for (int p = 0; p < 784; p++)
                    images[16 + i * 784 + p] = (byte)(random.Next(100) + (p / 28 / 14 * 2 + p % 28 / 14 == label ? 100 : 0));
            }
            Gzip($"{name}-images-idx3-ubyte.gz", images);
            Gzip($"{name}-labels-idx1-ubyte.gz", labels);
        }

        static void Head(byte[] file, params int[] numbers)
        {
            for (int i = 0; i < numbers.Length; i++) BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 * i), numbers[i]);
        }

        void Gzip(string name, byte[] content)
        {
            using GZipStream file = new(File.Create(folder.File(name)), CompressionLevel.Fastest);
            file.Write(content);
        }
    }

    [Fact]
    public void The_module_is_summed_up_watched_and_saved()
    {
        using TemporaryFolder folder = new();
        string output = Run("module.cs", folder, "300");
        Assert.Matches(@"(?m)^block2\.branch\.0 +LayerNorm\(.*\) +\[100, 32\] +64$", output);
        Assert.Matches(@"(?m)^the last block adds up to \d", output);
        Assert.Matches(@"(?m)^(9\d|100)\.\d\s?% of the points right$", output);
        Assert.Matches(@"(?m)^a copy from the file differs by 0$", output);
    }

    [Fact]
    public void The_operations_have_the_right_gradients()
    {
        using TemporaryFolder folder = new();
        string output = Run("operation.cs", folder);
        Assert.Matches(@"(?m)^cbrt: .*: right$", output);
        Assert.Matches(@"(?m)^distance: .*: right$", output);
        Assert.Matches(@"(?m)^silu: right$", output);
        Assert.Matches(@"(?m)^rounded after training through the rounding: \[3\] \[3, -3, 1\]$", output);
    }

    [Fact]
    public void The_notebook_learns_to_say_words_backwards()
    {
        using TemporaryFolder folder = new();
        Match said = Regex.Match(Run("notebook.cs", folder), @"(?m)^   ([a-h]{12}) backwards: ([a-h]{12})$");
        Assert.Equal(new string([.. said.Groups[1].Value.Reverse()]), said.Groups[2].Value);
        Assert.Equal(12 * 16, TestData.Load(folder.File("attention.png")).Width);
    }
}
