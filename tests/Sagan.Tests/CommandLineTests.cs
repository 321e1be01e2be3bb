using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Sampling;

namespace Sagan.Native.Tests;

[Quick]
public sealed class CommandLineTests
{
    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    /// <summary>What a verb makes of its options.</summary>
    static T Request<T>(Verb<T> verb, params string[] arguments)
    {
        RootCommand root = new() { verb };
        GlobalOptions.AddTo(root);
        ParseResult parsed = root.Parse(arguments);
        Assert.Empty(parsed.Errors);
        return verb.Read(parsed, new CommandContext(new Terminal(TextWriter.Null, TextWriter.Null, new TerminalOptions()), Json: false));
    }

    [Theory]
    [InlineData("error: unknown command 'trian'. Did you mean train? See `sagan --help`.", "trian")]
    [InlineData("error: unknown command 'trainn'. Did you mean train? See `sagan --help`.", "trainn", "--steps", "3")]
    [InlineData("error: model.conditionalNorm = linear (from --set): linear conditional normalisation takes the resnet family.", "train",
        "--set", "model.conditionalNorm=linear", "--print-config")]
    [InlineData("error: unknown command 'xyzzy'. See `sagan --help`.", "xyzzy")]
    [InlineData("error: unknown option '--bach'. Did you mean --batch? See `sagan train --help`.", "train", "--bach", "3")]
    [InlineData("error: unknown option '--bach'. Did you mean --batch? See `sagan train --help`.", "train", "--bach")]
    [InlineData("error: unknown option '-x'. See `sagan devices --help`.", "devices", "-x")]
    [InlineData("error: unknown argument 'y'. See `sagan devices --help`.", "devices", "y")]
    [InlineData("error: unknown command 'chek'. Did you mean check? See `sagan data --help`.", "data", "chek")]
    [InlineData("error: model.size = 50 (from --size): must be 4, 5, 6 or 7 doubled some times: 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, "
        + "96, 112, 128, 160, 192, 224, 256.", "train", "--size", "50", "--print-config")]
    [InlineData("error: training.batch = x (from --batch): must be a whole number of at most 2147483647.", "train", "--batch", "x",
        "--print-config")]
    public void Usage_errors_exit_2_with_one_line_and_the_way_out(string message, params string[] arguments)
    {
        (int code, string output, string error) = Sagan(arguments);
        Assert.Equal((2, "", message), (code, output, error.TrimEnd()));
    }

    [Theory]
    [InlineData(false, "bench", "step")]
    [InlineData(false, "bench", "generator")]
    [InlineData(false, "kernels")]
    [InlineData(true, "ablate")]
    public void Images_where_only_a_configuration_can_stand_are_told_what_they_are(bool takesData, params string[] verb)
    {
        using TemporaryFolder folder = new();
        string images = Path.GetDirectoryName(folder / "images/x")!, image = folder.Write("a.png", "\u0089PNG");
        string json = folder.Write("c.json", "[]");
        string way = takesData ? "; images are named by --data." : ".";
        (int code, string output, string error) = Sagan([.. verb, images]);
        Assert.Equal((2, "", $"error: {images}: is a folder, and a configuration file (JSON) is wanted here{way}"),
            (code, output, error.TrimEnd()));
        (code, output, error) = Sagan([.. verb, image]);
        Assert.Equal((2, "", $"error: {image}: is no JSON, and a configuration file (JSON) is wanted here{way}"),
            (code, output, error.TrimEnd()));
        Assert.Contains("the configuration must be a JSON object", Sagan([.. verb, json]).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_knows_verbs_and_topics()
    {
        (int code, _, string error) = Sagan("help", "trian");
        Assert.Equal(2, code);
        Assert.StartsWith("error: unknown help topic 'trian'. Did you mean train? Topics: train, ", error);
        Assert.Contains("--dry-run", Sagan("help", "train").Output);
        Assert.Contains("\"convDim\": 64", Sagan("help", "presets").Output);
        Assert.Contains("143  stopped by SIGTERM", (string)JsonNode.Parse(Sagan("help", "exit-codes", "--json").Output)!["text"]!);
        Assert.Contains("--dry-run", (string)JsonNode.Parse(Sagan("help", "train", "--json").Output)!["text"]!);
    }

    [Fact]
    public void Alone_it_prints_a_short_help()
    {
        (int code, string output, string error) = Sagan();
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("train", output);
        Assert.Contains("Usage:", output);
    }

    [Fact]
    public void Version_names_version_commit_and_runtime()
    {
        (int code, string output, _) = Sagan("--version");
        Assert.Equal(0, code);
        Assert.Matches(@"^sagan \d+\.\d+\.\d+(\+[0-9a-f]{7,40})? \(\.NET [^,]+, [a-z0-9-]+\)\s*$", output);
    }

    [Fact]
    public void Every_exit_code_is_explained()
    {
        (int code, string output, _) = Sagan("help", "exit-codes");
        Assert.Equal(0, code);
        int[] listed = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => int.Parse(l.AsSpan(0, 4)))];
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 129, 130, 138, 143], listed);
        Assert.Equal(listed, Enum.GetValues<ExitCode>().Select(c => (int)c));
    }

    [Fact]
    public void Exceptions_have_their_exit_codes()
    {
        (Exception, ExitCode)[] expected =
        [
            (new SaganException("x"), ExitCode.Failed),
            (new UsageException("x"), ExitCode.Usage),
            (new ConfigException("x"), ExitCode.Usage),
            (new DeviceUnavailableException("x"), ExitCode.Device),
            (new DeviceMemoryException("x"), ExitCode.Device),
            (new RunFileException("x"), ExitCode.File),
            (new IOException("x"), ExitCode.File),
            (new CheckFailedException("x"), ExitCode.CheckFailed),
            (new DivergedException("x"), ExitCode.Diverged),
            (new InvalidOperationException("x"), ExitCode.Failed),
        ];
        Assert.All(expected, e => Assert.Equal(e.Item2, ExitCodes.Of(e.Item1)));
        Assert.False(ExitCodes.IsExpected(new InvalidOperationException()));
    }

    [Fact]
    public void Print_config_shows_values_with_origins_as_table_and_json()
    {
        (int code, string output, _) =
            Sagan("train", "--preset", "sagan64", "--batch", "7", "--set", "loss.lambda=3", "--g-attention", "32", "--print-config");
        Assert.Equal(0, code);
        Assert.Matches(@"(?m)^training\.batch +7 +--batch$", output);
        Assert.Matches(@"(?m)^loss\.lambda +3 +--set$", output);
        Assert.Matches(@"(?m)^model\.gAttention +32 +--g-attention$", output);
        Assert.Matches(@"(?m)^model\.size +64 +preset sagan64$", output);

        (_, output, _) = Sagan("train", "--batch", "7", "--print-config", "--json");
        Assert.Equal("--batch", (string)JsonNode.Parse(output)!["config"]!["training.batch"]!["origin"]!);
    }

    [Fact]
    public void A_dry_run_prints_the_configuration_and_the_estimate_and_does_not_train()
    {
        string Print(params string[] options)
        {
            (int code, string output, string error) = Sagan(["train", "--dry-run", "--batch", "7", "--size", "16", "--conv-dim", "8",
                "--g-attention", "8", "--d-attention", "4", "--set", "data.creatureCount=20", "--out", "not-there", .. options]);
            Assert.True(code == 0, error);
            Assert.False(Directory.Exists("not-there"));
            return output;
        }
        string text = Print();
        Assert.Matches(@"(?m)^training\.batch +7 +--batch$", text);
        Assert.Matches(@"(?m)^memory: about \d+ MB of tensors at batch 7$", text);
        JsonNode json = JsonNode.Parse(Print("--json"))!;
        Assert.Matches(@"^about \d+ MB of tensors at batch 7$", (string)json["estimate"]!["memory"]!);
        Assert.Equal(7, (int)json["config"]!["training.batch"]!["value"]!);
    }

    [Fact]
    public void Devices_lists_all_and_says_why_not()
    {
        (int code, string output, _) = Sagan("devices");
        Assert.Equal(0, code);
        Assert.Matches(@"(?m)^cpu +\S.*, \d+ processors, ", output);
        Assert.Matches(@"(?m)^cuda(:0)? +(not available: .{10,}|\S)", output);

        (_, output, _) = Sagan("devices", "--json");
        JsonNode cpu = JsonNode.Parse(output)!["devices"]![0]!;
        Assert.True((bool)cpu["available"]!);
        Assert.Equal(Environment.ProcessorCount, (int)cpu["processor"]!["processors"]!);
        Assert.True((long)cpu["processor"]!["memoryBytes"]! > 100_000_000);
    }

    [Fact]
    public void Options_become_requests()
    {
        TrainRequest train = Request(new TrainCommand(), "train", "--out", "x", "--steps", "20", "--seed", "9");
        Assert.Equal(("x", 20, 9ul), (train.Folder, train.Config.Config.Training.Steps, train.Config.Config.Training.Seed));


        ResumeRequest resume = Request(new ResumeCommand(),
            "resume", "r", "--from", "40", "--set", "a=1", "--set", "b=2", "--allow-change", "--max-time", "2h", "--data", "p", "--steps",
                "9", "--keep", "2");
        Assert.Equal(("r", 40L, true), (resume.Folder, resume.Options.FromStep!.Value, resume.Options.AllowChange));
        Assert.Equal(["a=1", "b=2"], resume.Options.Set);
        Assert.Equal(["data.source=p", "training.steps=9", "training.keep=2", "training.maxTime=2h"],
            resume.Options.Flags.Select(f => $"{f.Path}={f.Text}"));

        using TemporaryFolder photos = new();
        train = Request(new TrainCommand(), "train", "--conditional", photos.Path, "--set", "data.flip");
        Assert.Equal((photos.Path, true, true),
            (train.Config.Config.Data.Source, train.Config.Config.Model.Conditional, train.Config.Config.Data.Flip));
        string zip = photos.Write("a.zip", "PK\u0003\u0004"), json = photos.Write("c.json", "{ \"training\": { \"batch\": 7 } }");
        Assert.Equal(zip, Request(new TrainCommand(), "train", zip).Config.Config.Data.Source);
        // By their first byte these could be JSON: the length of a safetensors header is 123, the label of a first CIFAR image 9.
        (string Name, string Begins)[] files =
            [("a.safetensors", "{\0\0"), ("a.npz", "{"), ("a.npy", " "), ("a.bin", "\t"), ("b.zip", "/"), ("a.GZ", "\n")];
        foreach ((string name, string begins) in files)
        {
            string images = photos.Write(name, begins);
            Assert.Equal(images, Request(new TrainCommand(), "train", images).Config.Config.Data.Source);
        }
        train = Request(new TrainCommand(), "train", json, "--conditional", "false");
        Assert.Equal(("creatures", 7, false),
            (train.Config.Config.Data.Source, train.Config.Config.Training.Batch, train.Config.Config.Model.Conditional));

        SampleRequest sample = Request(new SampleCommand(),
            "sample", "r", "--grid", "3x5", "--no-ema", "--statistics", "batch", "--seed", "7");
        Assert.Equal(new SampleRequest("r", 15, 7, 5, "samples.png", false, NormStatistics.Batch), sample);

        GradCheckRequest grad = Request(new GradCheckCommand(), "gradcheck", "--op", "conv2d");
        Assert.Equal(("conv2d", "cpu", null), (Assert.Single(grad.Ops), grad.Device, grad.Against));
        Assert.Equal("reference", Request(new GradCheckCommand(), "gradcheck", "--against", "reference").Against);

        BenchStepRequest step = Request(new BenchStepCommand(),
            "step", "--preset", "sagan64", "--batch", "16", "--steps", "8", "--loss", "wgan-gp", "--set",
                "loss.penaltyWithSpectralNorm=true", "--size", "128", "--g-attention", "32,64",
            "--d-attention", "64", "--threads", "2", "--json");
        Assert.Equal((8, 16, 128, LossKind.WganGp, 2),
            (step.Steps, step.Config.Config.Training.Batch, step.Config.Config.Model.Size, step.Config.Config.Loss.Kind,
                step.Config.Config.Training.Threads));
        Assert.Equal([32, 64], step.Config.Config.Model.GAttention);
        Assert.Equal([64], step.Config.Config.Model.DAttention);

        Assert.Equal(new BenchKernelsRequest("gemm", "cpu", 16, 1),
            Request(new BenchKernelsCommand(), "kernels", "gemm", "--threads", "1"));

        BenchGeneratorRequest generator = Request(new BenchGeneratorCommand(), "generator", "--preset", "sagan64", "--batches", "5");
        Assert.Equal((5, 2, 64), (generator.Batches, generator.WarmUp, generator.Config.Config.Training.Batch));
        BenchAttentionRequest attention =
            Request(new BenchAttentionCommand(), "attention", "256", "1024", "--channels", "32", "--batch", "2");
        Assert.Equal([256, 1024], attention.Positions);
        Assert.Equal((2, 32, "cpu", 0), (attention.Batch, attention.Channels, attention.Device, attention.Threads));
        BenchDataRequest data = Request(new BenchDataCommand(), "data", "--data", "/photos", "--preset", "sagan64", "--steps", "5");
        Assert.Equal(("/photos", 64, 5, 5), (data.Config.Config.Data.Source, data.Config.Config.Model.Size, data.Steps, data.WarmUp));
        Assert.Equal("f", Request(new InspectCommand(), "inspect", "f").Path);
        Assert.Equal(new CompareRequest("a", "b"), Request(new CompareCommand(), "compare", "a", "b"));

        DataCheckRequest check = Request(new DataCheckCommand(), "check", "/photos", "--size", "128", "--set", "data.crop=none");
        Assert.Equal(("/photos", 128, CropKind.None),
            (check.Config.Config.Data.Source, check.Config.Config.Model.Size, check.Config.Config.Data.Crop));
        DataPackRequest pack = Request(new DataPackCommand(), "pack", "/photos", "--size", "32", "--out", "x.safetensors");
        Assert.Equal(("/photos", 32, "x.safetensors"), (pack.Config.Config.Data.Source, pack.Config.Config.Model.Size, pack.Out));
    }

    [Fact]
    public void A_set_is_packed_and_what_cannot_be_written_is_said()
    {
        using TemporaryFolder folder = new();
        string file = folder.File("set.safetensors");
        (int code, string output, _) = Sagan("data", "pack", "creatures", "--size", "16", "--set", "data.creatureCount=20", "--out", file);
        Assert.Equal(0, code);
        Assert.Contains("20 images of 16x16", output, StringComparison.Ordinal);
        (code, output, _) = Sagan("data", "check", file, "--size", "16");
        Assert.Equal(0, code);
        Assert.Contains("3 classes: round ears", output, StringComparison.Ordinal);
        (code, _, string error) = Sagan("data", "pack", "creatures", "--size", "16", "--set", "data.creatureCount=20", "--out",
            Path.Combine(file, "x.safetensors"));
        Assert.Equal(5, code);
        Assert.Contains("cannot be written", error, StringComparison.Ordinal);
        (code, _, error) = Sagan("data", "pack", "creatures", "--out", "set.npz");
        Assert.Equal(2, code);
        Assert.StartsWith("error: --out set.npz: a packed data set is a .safetensors file", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--grid", "3")]
    [InlineData("--grid", "0x3")]
    [InlineData("--grid", "axb")]
    public void A_grid_that_is_none_is_an_error(params string[] options)
    {
        RootCommand root = new() { new SampleCommand() };
        Assert.NotEmpty(root.Parse(["sample", "r", .. options]).Errors);
    }

    /// <summary>What an ending says is written, or refused; anything else is a folder.</summary>
    [Theory]
    [InlineData("sample", "x.gif", "--out x.gif: no .gif can be written; a picture is .png, .jpg, .jpeg, .webp, .bmp, and a name without "
        + "such an ending is a folder.")]
    [InlineData("sample", "x.mp4", "--out x.mp4: no .mp4 can be written; a picture is .png, .jpg, .jpeg, .webp, .bmp, and a name without "
        + "such an ending is a folder.")]
    [InlineData("sample", "x.npz", "--out x.npz: no .npz can be written; a picture is .png, .jpg, .jpeg, .webp, .bmp, and a name without "
        + "such an ending is a folder; arrays are written by --npz.")]
    [InlineData("interpolate", "x", "--out x: a picture is written as .png, .jpg, .jpeg, .webp, .bmp; end the name with one of them.")]
    [InlineData("nearest", "x.tiff",
        "--out x.tiff: a picture is written as .png, .jpg, .jpeg, .webp, .bmp; end the name with one of them.")]
    public void Pictures_that_cannot_be_written_are_refused(string verb, string path, string message)
    {
        (int code, _, string error) = Sagan(verb, "no-run", "--out", path);
        Assert.Equal((2, $"error: {message}\n"), (code, error.ReplaceLineEndings("\n")));
    }

    [Theory]
    [InlineData("x.PNG")]
    [InlineData("x.jpg")]
    [InlineData("x.webp")]
    [InlineData("run.v2")]
    [InlineData("folder")]
    public void Pictures_and_folders_are_taken_as_they_are_named(string path) =>
        Assert.Equal(path, Request(new SampleCommand(), "sample", "r", "--out", path).Out);

    /// <summary>Only a file that the user names is replaced.</summary>
    [Fact]
    public void A_picture_that_nobody_named_gets_a_free_name()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("samples.png");
        Assert.Equal(path, PictureOption.Free(path));
        folder.Write("samples.png", "");
        folder.Write("samples-2.png", "");
        Assert.Equal(folder.File("samples-3.png"), PictureOption.Free(path));
    }

    [Fact]
    public void More_images_than_the_grid_holds_is_an_error()
    {
        UsageException e = Assert.Throws<UsageException>(() => Request(new SampleCommand(), "sample", "r", "--grid", "2x2", "-n", "5"));
        Assert.Equal("-n 5: a grid of 2x2 holds 4 images.", e.Message);
    }
}
