using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange.Numpy;
using Sagan.Native.Interchange.StateDicts;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;

namespace Sagan.Native.Tests.Interchange;

/// <summary>From a file of PyTorch to a run, images and files again, by the command line.</summary>
public sealed class ImportExportTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    static string Ok(params string[] arguments)
    {
        (int code, string output, string error) = Sagan(arguments);
        Assert.True(code == 0, error);
        return output;
    }

    string Golden(string name)
    {
        string path = folder.File(Path.GetFileName(name));
        File.WriteAllBytes(path, InterchangeGolden.File(name));
        return path;
    }

    static readonly string[] small = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "none"];

    string Run(string golden)
    {
        string run = folder.File("run-" + Path.GetFileNameWithoutExtension(golden));
        Ok(["import", Golden(golden), .. small, "--out", run]);
        return run;
    }

    [Fact]
    public void The_discriminator_is_exported_too()
    {
        string run = Run("hk/parallel.pth"), onnx = folder.File("d.onnx"), pth = folder.File("d.pth");
        Assert.Contains("the discriminator of step", Ok("export", run, "--discriminator", "--out", onnx), StringComparison.Ordinal);
        using (OnnxModel model = new(File.ReadAllBytes(onnx)))
        {
            Assert.Equal(["image float [N, 3, 16, 16]"], model.Inputs);
            Assert.Equal("score float [N]", model.Output);
        }
        Ok("export", run, "--discriminator", "--out", pth);
        using PthReader r = new(pth);
        Assert.Contains(r.Entries, e => e.Name.StartsWith("last.0.weight", StringComparison.Ordinal));
    }

    [Fact]
    public void Import_makes_a_run_that_knows_the_files_spectral_norm_and_gives_images()
    {
        string run = Run("hk/parallel.pth"), npz = folder.File("images.npz");
        JsonNode resolved = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "config.resolved.json")))!["model.spectralNorm"]!;
        Assert.Equal(("heykeetae", folder.File("parallel.pth")), ((string)resolved["value"]!, (string)resolved["origin"]!));
        Ok("sample", run, "-n", "6", "--seed", "3", "--npz", npz);
        Assert.False(File.Exists("samples.png"));
        string pictures = folder.File("pictures");
        Ok("sample", run, "-n", "6", "--seed", "3", "--out", pictures);
        using NpzReader r = new(npz);
        Assert.Equal([6L, 16, 16, 3], r["arr_0"].Shape);
        Assert.Equal(TensorDtype.U8, r["arr_0"].Dtype);
        byte[] pixels = [.. Enumerable.Range(0, 6).SelectMany(i => TestData.Load(Path.Combine(pictures, $"{i:D5}.png")).Pixels)];
        Assert.Equal(pixels, r.Read<byte>("arr_0"));
        Assert.True(pixels.Max() - pixels.Min() > 60, "the images are all alike");
    }

    [Fact]
    public void What_the_user_says_wins_over_what_the_file_shows()
    {
        (int code, _, string error) = Sagan(
            ["import", Golden("hk/parallel.pth"), .. small, "--set", "model.spectralNorm=torch", "--out", folder.File("no")]);
        Assert.Equal(5, code);
        Assert.Contains("the file does not fit the network: 'l1.0.bias' [16] is missing", error);
        Assert.Contains("Is it the right preset", error);
        Assert.False(Directory.Exists(folder.File("no")));
    }

    [Theory]
    [InlineData("pth")]
    [InlineData("safetensors")]
    [InlineData("npz")]
    public void Export_and_import_give_the_same_weights(string format)
    {
        string run = Run("sn/hook.pth"), file = folder.File("out." + format);
        Assert.Contains("the generator of step 0, moving average, ", Ok("export", run, "--out", file));
        using TensorFile original = new PthReader(Golden("sn/hook.pth")), exported = TensorFiles.Open(file);
        Assert.Equal(original.Entries.Select(e => e.Name).Order(), exported.Entries.Select(e => e.Name).Order());
        foreach (TensorEntry e in original.Entries)
        {
            Assert.Equal((e.Dtype, string.Join(',', e.Shape)), (exported[e.Name].Dtype, string.Join(',', exported[e.Name].Shape)));
            Assert.Equal(original.Read<double>(e.Name), exported.Read<double>(e.Name));
        }
        string again = folder.File("again");
        Ok(["import", file, .. small, "--out", again]);
        Ok("export", again, "--no-ema", "--format", format, "--out", file + ".2");
        Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(file + ".2"));
    }

    [Theory]
    [InlineData("sn/compiled.pth", "'module._orig_mod.' is taken off")]
    [InlineData("sn/lightning.pth", "'state_dict.generator.' is taken off the names of the network; 4 other tensors are left out")]
    [InlineData("sn/two.pth", "'ema_model.module.' is taken off", "--prefix", "ema_model.module.")]
    [InlineData("sn/two.pth", "'module.' is taken off", "--key", "ema_model")]
    public void What_stands_before_all_names_of_a_network_is_found_and_taken_off(string golden, string said, params string[] more)
    {
        string wrapped = folder.File("wrapped"), plain = Run("sn/hook.pth");
        (int code, _, string error) = Sagan(["import", Golden(golden), .. small, .. more, "--out", wrapped]);
        Assert.True(code == 0, error);
        Assert.Contains(said, error);
        Assert.Equal(Weights(plain), Weights(wrapped));

        static float[] Weights(string run)
        {
            using SafetensorsReader file = new(Path.Combine(run, "checkpoints", "step-0000000", "ema.safetensors"));
            return file.Read<float>("l1.0.weight_orig");
        }
    }

    [Theory]
    [InlineData("sn/two.pth", "several networks of the file fit, under 'generator.', 'ema_model.module.'; choose one with --prefix.")]
    [InlineData("sn/lightning.pth", "no name begins with 'g.' (--prefix); the file has 'state_dict.generator.", "--prefix", "g.")]
    [InlineData("sn/lightning.pth", "none fits. Is it the right preset", "--g-attention", "none")]
    [InlineData("sn/hook.pth", "The file has 'l1.0.bias F32 [16]'", "--set", "model.conditional=true", "--set", "model.classes=3")]
    [InlineData("sn/hook.pth", "say it with --set model.classes=10", "--conditional", "true")]
    public void Names_that_fit_twice_or_nowhere_are_an_error_that_quotes_them(string golden, string expected, params string[] more)
    {
        (int code, _, string error) = Sagan(
            ["import", Golden(golden), .. small[..6], "--d-attention", "none", .. more.Contains("none") ? [] : small[6..8], .. more,
                "--out", folder.File("no")]);
        Assert.True(code is 2 or 5, error);
        Assert.Contains(expected, error);
        Assert.False(Directory.Exists(folder.File("no")));
    }

    [Fact]
    public void Onnx_is_written_and_not_read()
    {
        string onnx = folder.File("g.onnx");
        Ok("export", Run("sn/none.pth"), "--out", onnx);
        (int code, _, string error) = Sagan("import", onnx, "--out", folder.File("no"));
        Assert.Equal(5, code);
        Assert.Contains("ONNX is written here, not read", error);
        Assert.DoesNotContain("preset", error);
    }

    [Fact]
    public void A_discriminator_comes_from_its_own_file()
    {
        string run = folder.File("run");
        Ok("import", Golden("hk/g.pth"), "--discriminator", Golden("hk/d.pth"), "--preset", "sagan64", "--conv-dim", "8", "--z-dim", "16",
            "--out", run);
        string checkpoint = Path.Combine(run, "checkpoints", "step-0000000");
        using (TensorFile saved = new SafetensorsReader(Path.Combine(checkpoint, "model.safetensors")),
            d = new PthReader(Golden("hk/d.pth")))
            foreach (TensorEntry e in d.Entries) Assert.Equal(d.Read<float>(e.Name), saved.Read<float>("d." + e.Name));
    }

    [Fact]
    public void An_imported_run_can_be_gone_on_with()
    {
        string run = Run("sn/parametrized.pth");
        Ok("resume", run, "--steps", "1", "--allow-change", "--set", "training.batch=2", "--set", "data.creatureCount=4");
        Assert.True(Directory.Exists(Path.Combine(run, "checkpoints", "step-0000001")));
    }

    [Fact]
    public void Inspect_reads_the_files_of_others()
    {
        string onnx = folder.File("g.onnx");
        Ok("export", Run("sn/none.pth"), "--out", onnx);
        Assert.Contains("operators = ", Ok("inspect", onnx));
        Assert.Contains("optimizer.state.0.exp_avg", Ok("inspect", Golden("pth/nested.pth")));
        Assert.Contains("folder/inner", Ok("inspect", Golden("npz/deflated.npz")));
        (int code, _, string error) = Sagan("inspect", Golden("pth/refused_module.pth"));
        Assert.Equal(5, code);
        Assert.Contains("torch.nn.modules.linear.Linear, which is refused", error);
    }

    [Fact]
    public void Export_without_a_file_writes_a_new_one_named_after_run_and_step_and_replaces_none()
    {
        string run = Run("sn/none.pth"), name = "run-none-step-0000000.pth";
        try
        {
            Assert.Contains(name, Ok("export", run, "--format", "pth"));
            byte[] first = File.ReadAllBytes(name);
            (int code, _, string error) = Sagan("export", run, "--format", "pth");
            Assert.Equal(2, code);
            Assert.Contains($"{name} is there already", error);
            Assert.Equal(first, File.ReadAllBytes(name));
            (code, _, error) = Sagan("export", run);
            Assert.Equal(2, code);
            Assert.Contains("Say --format pth", error);
        }
        finally
        {
            File.Delete(name);
        }
    }

    /// <summary>A file for others says nothing of the machine it was made on.</summary>
    [Theory]
    [InlineData("pth")]
    [InlineData("safetensors")]
    [InlineData("npz")]
    [InlineData("onnx")]
    public void An_exported_file_names_no_folder_of_the_machine(string format)
    {
        string data = folder.File("private-pictures"), run = folder.File("run"), file = folder.File("out." + format);
        for (int i = 0; i < 4; i++) ImageFile.Save(folder / $"private-pictures/{i}.png", Creature.FromSeed(1, i).Draw(16));
        Ok(["train", .. small, "--steps", "1", "--batch", "2", "--data", data, "--out", run, "-q", "--set", "sampling.images=8"]);
        Ok("export", run, "--out", file);
        string text = System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(file));
        Assert.DoesNotContain("private-pictures", text);
        Assert.DoesNotContain(Path.GetTempPath(), text);
        if (format == "onnx") Assert.Contains("\"convDim\":8", text);
    }

    [Fact]
    public void An_ending_that_names_no_format_is_a_usage_error()
    {
        (int code, _, string error) = Sagan("export", "run", "--out", "g.bin");
        Assert.Equal(2, code);
        Assert.Contains("the ending '.bin' names no format", error);
    }
}
