using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.IO;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>
/// Going on from what is there: from another run's networks, with a part of the discriminator frozen, and with parts switched on and off.
/// </summary>
public sealed class FineTuningTests
{
    static readonly string[] Small = ["--size", "16", "--conv-dim", "8", "--z-dim", "8", "--g-attention", "8", "--d-attention", "4"];

    static readonly string[] Tiny = ["--batch", "8", "--set", "data.creatureCount=30", "--set", "sampling.images=8", "--set",
        "watch.every=1000"];

    static readonly RunConfig Config = new()
    {
        Model = new() { Size = 16, ConvDim = 8, ZDim = 8, GAttention = [8], DAttention = [8], InitialGamma = 0.1 },
        Training = new() { Batch = 4, Seed = 5 },
    };

    [Theory]
    [InlineData(ModelFamily.Dcgan, 1, "l1.", "attn1.")]
    [InlineData(ModelFamily.Dcgan, 2, "l1.", "attn1.", "l2.")]
    [InlineData(ModelFamily.Resnet, 2, "block1.", "attn1.", "block2.")]
    [InlineData(ModelFamily.Upconv, 1, "conv1.", "attn1.")]
    public void The_first_blocks_of_a_frozen_discriminator_stay_and_all_else_moves(ModelFamily family, int blocks, params string[] frozen)
    {
        SpectralNormKind norm = family == ModelFamily.Upconv ? SpectralNormKind.None : SpectralNormKind.Torch;
        TrainingState state = new(Config with
        {
            Model = Config.Model with { Family = family, SpectralNorm = norm },
            Optimizer = new() { FreezeD = blocks }
        });
        Dictionary<string, float[]> before = Values(), after;
        for (int i = 0; i < 2; i++) Step.Run(() => state.Step.Discriminator(state.Input(Noise(), new int[4], i)));
        after = Values();
        foreach ((string name, float[] values) in before)
        {
            bool expected = frozen.Any(f => name.StartsWith(f, StringComparison.Ordinal));
            bool moves = !values.AsSpan().SequenceEqual(after[name]);
            // A key's bias has gradient 0 but for rounding, the last bias while as many real images push as fakes, and a vector of one
            // component cannot turn.
            if (name.Contains("key_conv.bias", StringComparison.Ordinal) || name is "last.bias" or "last.0.bias" or "last.weight_u")
                continue;
            Assert.True(expected != moves, $"{name} {(moves ? "moved" : "stayed")}");
        }
        Assert.Equal(state.Discriminator.Trained.Count, state.DiscriminatorOptimizer.State().Count());

        Dictionary<string, float[]> Values() => state.Discriminator.State()
            .Where(s => s.Parameter.IsTrainable || s.Name.Contains("weight_", StringComparison.Ordinal))
            .ToDictionary(s => s.Name, s => s.Parameter.Value.ToArray());
    }

    [Fact]
    public void Freezing_changes_nothing_else()
    {
        Dictionary<string, float[]> free = Moved(0), frozen = Moved(1);
        foreach ((string name, float[] values) in frozen)
            if (name[0] == 'l' && name[1] is '2' or 'a') Assert.Equal(free[name], values);

        // One step: what the other weights' gradients are computed from does not depend on the first block's being frozen, but for its
        // spectral norm.
        static Dictionary<string, float[]> Moved(int blocks)
        {
            ModelConfig model = Config.Model with { SpectralNorm = SpectralNormKind.None };
            TrainingState state = new(Config with { Model = model, Optimizer = new() { FreezeD = blocks } });
            Step.Run(() => state.Step.Discriminator(state.Input(Noise(), new int[4], 0)));
            return state.Discriminator.State().ToDictionary(s => s.Name, s => s.Parameter.Value.ToArray());
        }
    }

    [Theory]
    [InlineData("optimizer.freezeD=-1", "must be 0 to 3")]
    [InlineData("optimizer.freezeD=4", "must be 0 to 3 (the blocks of this discriminator; 0 = all learn)")]
    public void There_are_only_so_many_blocks(string set, string expected)
    {
        ConfigException e = Assert.Throws<ConfigException>(() =>
            ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = [set] }));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frozen_blocks_of_a_new_discriminator_are_warned_of()
    {
        using TemporaryFolder folder = new();
        string said = Ok(["train", "--out", folder.File("run"), "--steps", "1", "--set", "optimizer.freezeD=1", .. Small, .. Tiny]);
        Assert.Contains("warning: optimizer.freezeD = 1: the frozen blocks of a new discriminator are random", said,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_begins_with_the_networks_of_another()
    {
        using TemporaryFolder folder = new();
        (string first, string second, string raw) = (folder.File("first"), folder.File("second"), folder.File("raw"));
        Ok(["train", "--out", first, "--steps", "2", .. Small, .. Tiny]);
        // The model comes from there, the preset's has other sizes.
        string said = Ok(["train", "--from", first, "--out", second, "--steps", "1", "--set", "optimizer.freezeD=1", .. Tiny]);
        Assert.Contains("the networks begin as those of", said, StringComparison.Ordinal);
        Assert.Contains("step 2, the generator as its moving average", said, StringComparison.Ordinal);
        Assert.Contains("\"freezeD\": 1", File.ReadAllText(Path.Combine(second, "config.json")), StringComparison.Ordinal);
        string checkpoint = Path.Combine(first, "checkpoints", "step-0000002");
        Ok(["train", "--from", checkpoint, "--no-ema", "--out", raw, "--steps", "1", "--g-lr", "1e-12", "--d-lr", "1e-12", .. Tiny]);

        // Of the first block of D nothing has moved; G has moved by one step of Adam, at most the learning rate, 4e-4, from the average;
        // 1.5e-8 is half a unit in the last place of the weights, below 0.5.
        Dictionary<string, float[]> g = Read(first, "ema"), d = Read(first, "model"), then = Read(second, "model"),
            plain = Read(raw, "model");
        Assert.Equal(d["d.l1.0.weight_orig"], then["d.l1.0.weight_orig"]);
        Assert.Equal(d["d.l1.0.weight_u"], then["d.l1.0.weight_u"]);
        Assert.NotEqual(d["d.l2.0.weight_orig"], then["d.l2.0.weight_orig"]);
        AssertNear(g["last.0.weight"], then["g.last.0.weight"], 4e-4f + 1.5e-8f);
        AssertNear(d["g.last.0.weight"], plain["g.last.0.weight"], 1e-7f);
        AssertNear(d["d.last.0.weight"], plain["d.last.0.weight"], 1e-7f);

        string error = Fails(2, ["train", "--from", first, "--conv-dim", "16", "--out", folder.File("x"), .. Tiny]);
        Assert.Contains("its networks are others: model.convDim is 8 there and 16 here. Both runs need the same networks", error,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("x")));
        Assert.Contains("no such run or checkpoint folder", Fails(5, ["train", "--from", folder.File("none"), .. Tiny]),
            StringComparison.Ordinal);
        Assert.Contains("add --from RUN", Fails(2, ["train", "--no-ema", .. Tiny]), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_number_of_classes_begins_with_fresh_tables_and_takes_all_else()
    {
        using TemporaryFolder folder = new();
        foreach (string name in (string[])["a", "b"])
            for (int i = 0; i < 4; i++) Native.Data.Images.ImageFile
                .Save(folder / $"data/{name}/{i}.png", Native.Data.Creature.FromSeed(3, i).Draw(16));
        (string three, string two, string none) = (folder.File("three"), folder.File("two"), folder.File("none"));
        string[] still = ["--steps", "1", "--g-lr", "1e-12", "--d-lr", "1e-12", "--data", folder.File("data"), "--set",
            "training.emaDecay=0", "--batch", "4",
            "--set", "sampling.images=8", "--set", "watch.every=1000"];
        Ok(["train", "--out", three, "--steps", "2", "--conditional", "true", "--set", "training.emaDecay=0", .. Small, .. Tiny]);
        string refused = Fails(2, ["train", "--from", three, "--out", two, .. still]);
        Assert.Contains("model.classes is 3 there and 2 here", refused, StringComparison.Ordinal);
        Assert.Contains("or say --fresh-classes", refused, StringComparison.Ordinal);
        string said = Ok(["train", "--from", three, "--fresh-classes", "--out", two, .. still]);
        Assert.Contains("anew, because they belong to classes: g.l1.1.gain.weight, g.l1.1.bias.weight", said, StringComparison.Ordinal);
        Dictionary<string, float[]> before = Read(three, "model"), after = Read(two, "model");
        Assert.Equal(before.Keys.Order(), after.Keys.Order());
        foreach ((string name, float[] values) in before)
            if (name.Contains(".gain.", StringComparison.Ordinal)) Assert.All(after[name], v => Assert.Equal(1, v, 1e-6f));
            else if (name.Contains(".bias.", StringComparison.Ordinal)) Assert.All(after[name], v => Assert.Equal(0, v, 1e-6f));
            else if (name.EndsWith("weight_orig", StringComparison.Ordinal)
                && !name.Contains("embed", StringComparison.Ordinal)) AssertNear(values, after[name], 1e-7f);
        Assert.Equal(2 * 16, after["d.embed.0.weight_orig"].Length);

        // From no classes to some: each class begins with the gains and biases that all images had.
        Ok(["train", "--out", none, "--steps", "2", "--set", "training.emaDecay=0", .. Small, .. Tiny]);
        Assert.Contains("or say --fresh-classes",
            Fails(2, ["train", "--from", none, "--conditional", "true", "--out", folder.File("x"), .. still]), StringComparison.Ordinal);
        Ok(["train", "--from", none, "--conditional", "true", "--fresh-classes", "--out", folder.File("some"), .. still]);
        (before, after) = (Read(none, "model"), Read(folder.File("some"), "model"));
        float[] gain = before["g.l1.1.weight"];
        AssertNear([.. gain, .. gain], after["g.l1.1.gain.weight"], 1e-6f);
        AssertNear(before["g.last.0.weight"], after["g.last.0.weight"], 1e-7f);
        Assert.Contains("add --from RUN", Fails(2, ["train", "--fresh-classes", .. Tiny]), StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_can_be_switched_on_and_off_when_a_run_is_resumed_with_changes()
    {
        using TemporaryFolder folder = new();
        string run = folder.File("run");
        Ok(["train", "--out", run, "--steps", "1", "--set", "training.emaDecay=0", .. Small, .. Tiny]);
        byte[] old = File.ReadAllBytes(Path.Combine(run, "checkpoints", "step-0000001", "optim.safetensors"));
        string[] on = ["--set", "loss.leCam=0.3", "--set", "training.emaDecay=0.9", "--set", "augment.kind=ada"];
        Assert.Contains("loss.leCam = 0.3: the run was begun with 0", Fails(2, ["resume", run, "--steps", "2", .. on]),
            StringComparison.Ordinal);

        string said = Ok(["resume", run, "--steps", "2", "--allow-change", .. on]);
        Assert.Contains("has no step.lecam_real, step.lecam_fake, step.ada_p, step.ada_signs and 1 more: begun anew", said,
            StringComparison.Ordinal);
        Assert.Contains("the checkpoint has no moving average: begun anew, as a copy of the generator", said, StringComparison.Ordinal);
        Assert.Equal(old, File.ReadAllBytes(Path.Combine(run, "checkpoints", "step-0000001", "optim.safetensors")));
        // Without a change nothing is said.
        Assert.DoesNotContain("begun anew", Ok(["resume", run, "--steps", "3", "--allow-change"]), StringComparison.Ordinal);

        said = Ok(["resume", run, "--steps", "4", "--allow-change", "--set", "loss.leCam=0", "--set", "training.emaDecay=0", "--set",
            "augment.kind=apa"]);
        Assert.Contains("the checkpoint has no step.apa_p, step.apa_signs, step.apa_updates: begun anew", said, StringComparison.Ordinal);
        Assert.Contains("step.ada_p, step.ada_signs, step.ada_updates, step.lecam_fake and 1 more of the checkpoint: no longer used", said,
            StringComparison.Ordinal);
        Assert.Contains("the moving average of the checkpoint: no longer used", said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(run, "checkpoints", "step-0000004", "ema.safetensors")));

        said = Ok(["resume", run, "--steps", "5", "--allow-change", "--set", "optimizer.freezeD=1"]);
        Assert.Contains("d.exp_avg.l1.0.bias", said, StringComparison.Ordinal);
        Ok(["resume", run, "--steps", "6", "--allow-change", "--set", "optimizer.freezeD=0"]);
    }

    [Fact]
    public void Without_leave_a_checkpoint_that_lacks_something_is_refused()
    {
        RunConfig leCam = Config with { Loss = new() { LeCam = 1 } };
        Dictionary<string, byte[]> files = Files(new TrainingState(Config));
        Exception e = Assert.ThrowsAny<TensorFileException>(() => new TrainingState(leCam).Load(Open));
        Assert.Contains("'step.lecam_real' [] is missing", e.Message, StringComparison.Ordinal);
        files.Remove(TrainingState.EmaFile);
        e = Assert.Throws<RunFileException>(() => new TrainingState(Config).Load(Open));
        Assert.Contains("keeps a moving average", e.Message, StringComparison.Ordinal);
        // Networks that differ are refused with leave, too.
        RunConfig wide = Config with { Model = Config.Model with { ConvDim = 16 } };
        Assert.ThrowsAny<TensorFileException>(() => new TrainingState(wide).Load(Open, _ => { }));

        Stream? Open(string name) => files.TryGetValue(name, out byte[]? bytes) ? new MemoryStream(bytes) : null;
    }

    // What a state on the way back does not find in an older checkpoint begins anew, though it had moved.
    [Fact]
    public void What_is_missing_begins_as_0_even_in_a_state_that_has_moved()
    {
        RunConfig leCam = Config with { Loss = new() { LeCam = 1 }, Training = Config.Training with { EmaDecay = 0 } };
        Dictionary<string, byte[]> files = Files(new TrainingState(leCam with { Loss = new() }));
        TrainingState state = new(leCam);
        Step.Run(() => state.Step.Discriminator(state.Input(Noise(), new int[4], 0)));
        Assert.NotEqual(0, state.Step.State[0].Value.Item());
        List<string> said = [];
        state.Load(name => files.TryGetValue(name, out byte[]? bytes) ? new MemoryStream(bytes) : null, said.Add);
        Assert.Equal(0, state.Step.State[0].Value.Item());
        Assert.Equal("the checkpoint has no step.lecam_real, step.lecam_fake: begun anew", Assert.Single(said));
    }

    static Tensor Noise() => new RandomSource(9).Uniform(new Shape(4, 16, 16, 3), -1, 1);

    static Dictionary<string, byte[]> Files(TrainingState state) => state.Files().ToDictionary(f => f.Key, f =>
    {
        using MemoryStream s = new();
        f.Value(s);
        return s.ToArray();
    });

    static Dictionary<string, float[]> Read(string run, string file)
    {
        string newest = Directory.GetDirectories(Path.Combine(run, "checkpoints")).Order(StringComparer.Ordinal).Last();
        using SafetensorsReader reader = new(Path.Combine(newest, file + ".safetensors"));
        return reader.Entries.Where(e => e.Dtype == TensorDtype.F32).ToDictionary(e => e.Name, e => reader.Read<float>(e.Name));
    }

    static void AssertNear(float[] expected, float[] actual, float off) =>
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, off));

    static string Ok(string[] arguments)
    {
        (int code, string error) = Sagan(arguments);
        Assert.True(code == 0, error);
        return error;
    }

    static string Fails(int expected, string[] arguments)
    {
        (int code, string error) = Sagan(arguments);
        Assert.True(code == expected, $"{code}: {error}");
        return error;
    }

    static (int Code, string Error) Sagan(string[] arguments)
    {
        using StringWriter output = new(), error = new();
        return (Commands.SaganCommandLine.Run(arguments, output, error), error.ToString());
    }
}
