using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

public sealed class ConfigurationTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static ResolvedConfig Set(params string[] assignments) => ResolvedConfig.Resolve(new ConfigSources { Set = assignments });

    static string Error(ConfigSources sources) => Assert.Throws<ConfigException>(() => ResolvedConfig.Resolve(sources)).Message;

    static string ErrorOf(params string[] assignments) => Error(new ConfigSources { Set = assignments });

    ResolvedConfig FromFile(string json) => ResolvedConfig.Resolve(new ConfigSources { File = folder.Write("c.json", json) });

    string ErrorOfFile(string json) => Error(new ConfigSources { File = folder.Write("c.json", json) });

    [Fact]
    public void Sagan64_is_the_published_setting()
    {
        RunConfig c = ResolvedConfig.Resolve(new ConfigSources { Preset = "sagan64" }).Config;
        Assert.Equal(("sagan64", 64, 3, 128, 64), (c.Preset, c.Model.Size, c.Model.Channels, c.Model.ZDim, c.Model.ConvDim));
        Assert.Equal([16, 32], c.Model.GAttention);
        Assert.Equal([4, 8], c.Model.DAttention);
        Assert.Equal((LossKind.Hinge, 1e-4, 4e-4, 0.0, 0.9),
            (c.Loss.Kind, c.Optimizer.GLearningRate, c.Optimizer.DLearningRate, c.Optimizer.Beta1, c.Optimizer.Beta2));
        Assert.Equal(64, c.Training.Batch);
        // Widths of the published networks: 512 at 4x4 down to 64 at 32x32.
        Assert.Equal([512, 256, 128, 64], NetworkPlan.Generator(c.Model).Select(f => f.Channels));
    }

    [Fact]
    public void Every_preset_is_valid_and_says_all_it_changes()
    {
        Assert.Equal(["biggan64", "cifar10", "demo", "fashion28", "fewshot64", "sagan128", "sagan64", "taki128", "upconv64"],
            Presets.Names);
        foreach (string name in Presets.Names)
        {
            ResolvedConfig r = ResolvedConfig.Resolve(new ConfigSources { Preset = name });
            Assert.Empty(r.Warnings);
            Assert.Equal("--preset", r.Origins["preset"]);
            Assert.Equal($"preset {name}", r.Origins["model.size"]);
            Assert.Equal("default", r.Origins["training.seed"]);
        }
    }

    [Fact]
    public void Later_sources_win_and_every_origin_is_kept()
    {
        string file = folder.Write("my.json", """
            {
              // comments and trailing commas are fine
              "training": { "batch": 3, "steps": 30, "seed": 3, "dSteps": 3, },
            }
            """);
        ResolvedConfig r = ResolvedConfig.Resolve(new ConfigSources
        {
            File = file,
            Environment = new Dictionary<string, string>
            {
                ["SAGAN_TRAINING_STEPS"] = "40",
                ["SAGAN_TRAINING_SEED"] = "4",
                ["SAGAN_TRAINING_D_STEPS"] = "4",
                ["HOME"] = "/"
            },
            Set = ["training.seed=5", "training.dSteps=5"],
            Flags = [new FlagValue("--d-steps", "training.dSteps", "6")],
        });
        TrainingConfig t = r.Config.Training;
        Assert.Equal((3, 40, 5ul, 6), (t.Batch, t.Steps, t.Seed, t.DSteps));
        Assert.Equal(250, t.SampleEvery);
        Assert.Equal(10, t.LogEvery);
        string[] paths = ["training.batch", "training.steps", "training.seed", "training.dSteps", "training.sampleEvery",
            "training.logEvery", "preset"];
        Assert.Equal([file, "SAGAN_TRAINING_STEPS", "--set", "--d-steps", "preset demo", "default", "default"],
            paths.Select(p => r.Origins[p]));
    }

    [Fact]
    public void The_preset_lies_below_the_file_that_names_it()
    {
        ResolvedConfig r = FromFile("""{ "model": { "zDim": 7 }, "preset": "sagan64" }""");
        Assert.Equal((64, 7), (r.Config.Model.Size, r.Config.Model.ZDim));
        Assert.Equal("preset sagan64", r.Origins["model.size"]);
        Assert.Equal("sagan64", r.Config.Preset);
    }

    [Fact]
    public void Every_kind_of_value_can_be_typed()
    {
        RunConfig c = Set("model.gAttention=8", "model.dAttention=none", "loss.kind=wgan-gp-two-step", "loss.penaltyWithSpectralNorm=true",
            "loss.lambda=2.5", "optimizer.adamForm=tensor-flow",
            "data.flip=true", "training.maxTime=1h30m", "training.seed=18446744073709551615", "data.source=/a b/c",
                "optimizer.gLearningRate=1e-3",
            "model.spectralNorm=heykeetae").Config;
        Assert.Equal([8], c.Model.GAttention);
        Assert.Empty(c.Model.DAttention);
        Assert.Equal((LossKind.WganGpTwoStep, 2.5, AdamForm.TensorFlow, true),
            (c.Loss.Kind, c.Loss.Lambda, c.Optimizer.AdamForm, c.Data.Flip));
        Assert.Equal((TimeSpan.FromMinutes(90), ulong.MaxValue, "/a b/c", 1e-3, SpectralNormKind.Heykeetae),
            (c.Training.MaxTime, c.Training.Seed, c.Data.Source, c.Optimizer.GLearningRate, c.Model.SpectralNorm));
        Assert.Equal([16, 8], Set("model.gAttention=[16,8]").Config.Model.GAttention);
        Assert.Null(Set("training.maxTime=none").Config.Training.MaxTime);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("30m", 1800)]
    [InlineData("2h", 7200)]
    [InlineData("1d2h", 93600)]
    [InlineData("1:00:30", 3630)]
    [InlineData("01:30:00", 5400)]
    public void Durations(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Set($"training.maxTime={text}").Config.Training.MaxTime);

    [Fact]
    public void A_written_configuration_reads_back_the_same()
    {
        ResolvedConfig r = Set("loss.kind=wgan-gp", "loss.penaltyWithSpectralNorm=true", "training.maxTime=90s", "model.gAttention=4",
            "optimizer.beta1=0.123456789012345",
            "data.source=naïve \"x\"", "training.seed=18446744073709551615");
        string json = r.ToJson();
        ResolvedConfig again = FromFile(json);
        Assert.Equal(json, again.ToJson());
        Assert.Empty(ResolvedConfig.Differences(r.Config, again.Config));
        // A run's own file decides everything.
        Assert.All(again.Origins.Values, o => Assert.EndsWith("c.json", o));
    }

    [Fact]
    public void A_complete_file_does_not_need_its_preset()
    {
        string file = folder.Write("c.json", Set().ToJson().Replace("\"demo\"", "\"gone\""));
        ResolvedConfig r = ResolvedConfig.Resolve(new ConfigSources { File = file, FileIsComplete = true });
        Assert.Equal(("gone", 32), (r.Config.Preset, r.Config.Model.Size));
        Assert.Contains("unknown preset 'gone'", Error(new ConfigSources { File = file }));
    }

    [Fact]
    public void A_resumed_run_may_become_longer_but_not_another_one()
    {
        RunConfig before = Set().Config, longer = Set("training.steps=9000", "training.threads=1").Config,
            other = Set("training.batch=8").Config;
        Assert.Equal(["training.steps", "training.threads"], ResumeRules.Check(before, longer, allowChange: false).Select(c => c.Path));
        Assert.Equal("training.batch = 8: the run was begun with 32; leave it, or say --allow-change and it is no longer the same run.",
            Assert.Throws<UsageException>(() => ResumeRules.Check(before, other, allowChange: false)).Message);
        Assert.Equal("training.batch", Assert.Single(ResumeRules.Check(before, other, allowChange: true)).Path);
    }

    [Fact]
    public void Differences_name_what_a_resumed_run_would_change()
    {
        var d = ResolvedConfig.Differences(Set().Config, Set("training.batch=8", "model.dAttention=none").Config);
        Assert.Equal([("model.dAttention", "8", "none"), ("training.batch", "32", "8")], d);
    }

    [Theory]
    [InlineData("training.bach=1", "unknown configuration key 'training.bach' (from --set). Did you mean training.batch?")]
    [InlineData("batch=1", "unknown configuration key 'batch' (from --set). Did you mean training.batch?")]
    [InlineData("optimiser.beta1=1", "unknown configuration key 'optimiser.beta1' (from --set). Did you mean optimizer.beta1?")]
    [InlineData("nothing.like.it=1", "unknown configuration key 'nothing.like.it' (from --set).")]
    [InlineData("training=1", "unknown configuration key 'training' (from --set). It is a section: give one of its keys.")]
    [InlineData("training.batch", "--set training.batch: must be key=value, such as training.batch=32.")]
    [InlineData("preset=sagan46", "unknown preset 'sagan46' (from --set); presets: biggan64, cifar10, demo, fashion28, fewshot64, "
        + "sagan128, sagan64, taki128, upconv64. Did you mean sagan64?")]
    [InlineData("training.batch=many", "training.batch = many (from --set): must be a whole number of at most 2147483647.")]
    [InlineData("training.batch=99999999999", "training.batch = 99999999999 (from --set): must be a whole number of at most 2147483647.")]
    [InlineData("training.seed=-1", "training.seed = -1 (from --set): must be a whole number of at least 0.")]
    [InlineData("loss.lambda=NaN", "loss.lambda = NaN (from --set): must be a number.")]
    [InlineData("loss.lambda=0,5", "loss.lambda = 0,5 (from --set): must be a number.")]
    [InlineData("data.flip=perhaps", "data.flip = perhaps (from --set): must be true or false.")]
    [InlineData("loss.kind=hing", "loss.kind = \"hing\" (from --set): must be one of hinge, wgan-gp, wgan-gp-two-step, wgan-lp, dragan, "
        + "non-saturating, bce, least-squares, kl.")]
    [InlineData("loss.kind=1", "loss.kind = \"1\" (from --set): must be one of hinge, wgan-gp, wgan-gp-two-step, wgan-lp, dragan, "
        + "non-saturating, bce, least-squares, kl.")]
    [InlineData("training.maxTime=soon", "training.maxTime = \"soon\" (from --set): must be a duration such as 90s, 30m, 2h, 1h30m or "
        + "01:30:00.")]
    [InlineData("model.gAttention=8;16", "model.gAttention = 8;16 (from --set): must be a list of whole numbers such as 16,32.")]
    [InlineData("training.batch=0", "training.batch = 0 (from --set): must be 1 to 65536.")]
    [InlineData("model.size=50", "model.size = 50 (from --set): must be 4, 5, 6 or 7 doubled some times: 16, 20, 24, 28, 32, 40, 48, 56, "
        + "64, 80, 96, 112, 128, 160, 192, 224, 256.")]
    [InlineData("model.gAttention=32", "model.gAttention = 32 (from --set): a 32x32 network has feature maps of size 4, 8, 16, not 32.")]
    [InlineData("model.gAttention=8,8", "model.gAttention = 8,8 (from --set): names a feature map twice.")]
    [InlineData("model.convDim=4",
        "model.gAttention = 16 (from preset demo): attention needs 8 channels or more, and the feature map of size 16 has 4; raise "
            + "model.convDim.")]
    [InlineData("optimizer.beta2=1", "optimizer.beta2 = 1 (from --set): must be at least 0 and below 1.")]
    public void Errors_name_value_origin_rule_and_way_out(string assignment, string message) => Assert.Equal(message, ErrorOf(assignment));

    [Fact]
    public void All_broken_rules_are_reported_at_once() =>
        Assert.Equal("model.zDim = 0 (from --set): must be 1 to 4096.\ntraining.keep = 0 (from --set): must be 1 to 100000.",
            ErrorOf("model.zDim=0", "training.keep=0"));

    [Theory]
    [InlineData("[]", "the configuration must be a JSON object")]
    [InlineData("", "not valid JSON")]
    [InlineData("{ \"training\": 3 }", "training (from ")]
    [InlineData("{ \"training\": { \"batch\": \"32\" } }", "must be a whole number")]
    [InlineData("{ \"training\": { \"batch\": null } }", "training.batch = null")]
    [InlineData("{ \"training\": { \"batch\": 1, \"batch\": 2 } }", "not valid JSON")]
    [InlineData("{ \"training\": { \"batches\": 1 } }", "Did you mean training.batch?")]
    [InlineData("{ \"model\": { \"gAttention\": [8, \"x\"] } }", "a list of whole numbers")]
    [InlineData("{ \"model\": { \"gAttention\": null } }", "a list of whole numbers")]
    [InlineData("{ \"loss\": { \"lambda\": 1e999 } }", "loss.lambda")]
    [InlineData("{ \"loss\": { \"kind\": 0 } }", "one of hinge")]
    [InlineData("{ \"\\ud800\": 1 }", "not valid JSON")]
    [InlineData("{ \"preset\": \"\\ud800\" }", "not valid JSON")]
    public void Bad_files_are_refused_by_name(string json, string part)
    {
        string message = ErrorOfFile(json);
        Assert.Contains(part, message);
        Assert.Contains("c.json", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_missing_file_says_so() =>
        Assert.Contains("no such configuration file", Error(new ConfigSources { File = folder.File("no.json") }));

    [Fact]
    public void A_stray_variable_is_a_warning_with_the_nearest_name()
    {
        ResolvedConfig r = ResolvedConfig.Resolve(new ConfigSources
        {
            Environment = new Dictionary<string, string> { ["SAGAN_TRAINING_BACH"] = "1", ["SAGAN_DEBUG"] = "1" },
        });
        Assert.Equal("environment variable SAGAN_TRAINING_BACH names no configuration key and is ignored. Did you mean "
            + "SAGAN_TRAINING_BATCH?",
            Assert.Single(r.Warnings));
    }

    [Fact]
    public void An_epsilon_that_has_no_effect_is_warned_of()
    {
        foreach (string form in (string[])["torch", "none"])
            Assert.StartsWith($"model.spectralNormEpsilon = 1E-06: has no effect with model.spectralNorm = {form};",
                Assert.Single(Set($"model.spectralNorm={form}", "model.spectralNormEpsilon=1e-6").Warnings));
        foreach (string form in (string[])["heykeetae", "official"])
            Assert.Empty(Set($"model.spectralNorm={form}", "model.spectralNormEpsilon=1e-6").Warnings);
    }

    [Fact]
    public void A_penalty_with_spectral_norm_is_refused_unless_asked_for()
    {
        Assert.Contains("model.spectralNorm=none", ErrorOf("loss.kind=wgan-gp"));
        Assert.Contains("you asked for it", Assert.Single(Set("loss.kind=wgan-gp", "loss.penaltyWithSpectralNorm=true").Warnings));
        Assert.Empty(Set("loss.kind=wgan-gp", "model.spectralNorm=none").Warnings);
    }

    [Fact]
    public void Table_and_json_show_every_value_with_its_origin()
    {
        ResolvedConfig r = Set("training.batch=7");
        Assert.Matches(@"(?m)^training\.batch +7 +--set$", r.ToTable());
        Assert.Matches(@"(?m)^model\.gAttention +16 +preset demo$", r.ToTable());
        JsonNode json = JsonNode.Parse(r.ToJsonWithOrigins())!;
        Assert.Equal(RunConfig.Keys.Paths.Count, json.AsObject().Count);
        Assert.Equal(7, (int)json["training.batch"]!["value"]!);
        Assert.Equal("--set", (string)json["training.batch"]!["origin"]!);
    }

    [Fact]
    public void Numbers_do_not_follow_the_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = new NumberFormatInfo { NumberDecimalSeparator = "," } };
            ResolvedConfig r = Set("optimizer.beta1=0.5");
            Assert.Matches(@"(?m)^optimizer\.beta1 +0\.5 ", r.ToTable());
            Assert.Equal(0.5, r.Config.Optimizer.Beta1);
            Assert.Contains("optimizer.beta1 = 1.5 ", ErrorOf("optimizer.beta1=1.5"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    /// <summary>Thousands of damaged files: each is read or refused with a ConfigException, nothing else.</summary>
    [Fact]
    public void Damaged_files_never_crash()
    {
        Random random = new(1);
        byte[] good = Encoding.UTF8.GetBytes(Set("training.maxTime=1h").ToJson());
        string[] pieces = ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "-", "1e400", "99999999999999999999", "\\u0000", "\\ud800",
            "\"\\ud800\": 1,",
            "//", "/*", new('[', 200), "\"training\":", "\n"];
        int refused = 0;
        for (int i = 0; i < 3000; i++)
        {
            List<byte> bytes = [.. good];
            for (int n = random.Next(1, 4); n > 0; n--)
            {
                int at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0: bytes[at] = (byte)random.Next(256); break;
                    case 1: bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at - 1)); break;
                    case 2: bytes.InsertRange(at, Encoding.UTF8.GetBytes(pieces[random.Next(pieces.Length)])); break;
                    default: bytes.RemoveRange(at, bytes.Count - at - 1); break;
                }
            }
            File.WriteAllBytes(folder.File("c.json"), [.. bytes]);
            try
            {
                ResolvedConfig.Resolve(new ConfigSources { File = folder.File("c.json") });
            }
            catch (ConfigException e)
            {
                Assert.NotEmpty(e.Message);
                refused++;
            }
        }
        Assert.InRange(refused, 2000, 2999);
    }
}
