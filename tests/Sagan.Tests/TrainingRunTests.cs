using System.Text.Json.Nodes;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Tests;

/// <summary>Training as a library: events, cancellation, several runs at once, and no console.</summary>
public sealed class TrainingRunTests : IDisposable
{
    static readonly string[] Tiny =
    [
        "model.size=16", "model.convDim=8", "model.zDim=8", "model.gAttention=8", "model.dAttention=4", "training.batch=8",
            "training.steps=6",
        "training.saveEvery=2", "training.sampleEvery=3", "training.logEvery=2", "sampling.images=8", "watch.collapse=0",
            "data.creatureCount=30",
    ];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    static RunConfig Config(params string[] more) => RunConfig.FromPreset("demo", [.. Tiny, .. more]);

    static byte[] Weights(string run, int step) =>
        File.ReadAllBytes(Path.Combine(run, "checkpoints", Checkpoint.NameOf(step), "model.safetensors"));

    static List<TrainingEvent> TrainAll(TrainingRun run) => [.. run.Train()];

    [Fact]
    public void A_run_tells_what_happens_in_order()
    {
        using TrainingRun run = TrainingRun.Create(Config(), folder: folder.File("run"));
        List<TrainingEvent> events = TrainAll(run);
        Assert.Equal(
        [
            "Started 0", "StepDone 1", "StepDone 2", "CheckpointSaved 2", "NumbersLogged 2", "StepDone 3", "SampleDrawn 3", "StepDone 4",
            "CheckpointSaved 4", "NumbersLogged 4", "StepDone 5", "StepDone 6", "CheckpointSaved 6", "NumbersLogged 6", "SampleDrawn 6",
                "Ended 6",
        ], events.Select(e => $"{e.GetType().Name} {e.Step}"));
        Assert.Equal(EndReason.Finished, Assert.IsType<Ended>(events[^1]).Reason);
        SampleDrawn drawn = Assert.IsType<SampleDrawn>(events[^2]);
        Assert.Equal(8, drawn.Images.Count);
        Assert.True(File.Exists(drawn.Path));
        Assert.Equal(drawn.Images[0].Pixels, run.Samples(8)[0].Pixels);
        Assert.Equal(3, File.ReadLines(run.Files.File("metrics.jsonl")).Count());
        Assert.All(events, e => Assert.DoesNotContain('\n', e.ToString()));
        Assert.True(run.IsFinished);
        // Nothing is left to do, and nothing is done.
        Assert.Equal(EndReason.Finished, Assert.IsType<Ended>(Assert.Single(run.Train())).Reason);
    }

    [Fact]
    public void Cancelled_it_finishes_the_step_saves_and_goes_on_with_the_same_bits()
    {
        using (TrainingRun whole = TrainingRun.Create(Config(), folder: folder.File("whole"))) TrainAll(whole);
        string path = folder.File("parts");
        using (TrainingRun run = TrainingRun.Create(Config(), folder: path))
        {
            using CancellationTokenSource stop = new();
            List<TrainingEvent> events = [];
            foreach (TrainingEvent e in run.Train(stop.Token))
            {
                events.Add(e);
                if (e is StepDone { Step: 3 }) stop.Cancel();
            }
            Assert.Equal(new Ended(3, EndReason.Cancelled), events[^1]);
            Assert.Contains(events, e => e is CheckpointSaved { Step: 3 });
            // On, in the same process and object.
            using CancellationTokenSource again = new();
            foreach (TrainingEvent e in run.Train(again.Token))
                if (e is StepDone { Step: 4 }) again.Cancel();
            Assert.Equal(4, run.Step);
        }
        using (TrainingRun run = TrainingRun.Resume(path)) Assert.Equal(EndReason.Finished, Assert.IsType<Ended>(TrainAll(run)[^1]).Reason);
        Assert.Equal(Weights(folder.File("whole"), 6), Weights(path, 6));
        string[] exits = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(path, "run.json")))!["sessions"]!.AsArray()
            .Select(s => (string)s!["exit"]!)];
        Assert.Equal(["interrupted", "interrupted", "finished"], exits);
    }

    [Fact]
    public void A_loop_that_is_left_leaves_the_steps_since_the_last_checkpoint()
    {
        string path = folder.File("run");
        using (TrainingRun run = TrainingRun.Create(Config(), folder: path))
        {
            foreach (TrainingEvent e in run.Train())
            {
                Assert.Throws<InvalidOperationException>(() => run.Train().First());
                if (e is StepDone { Step: 3 }) break;
            }
            Assert.Equal([2], run.Checkpoints.Steps);
            run.Save();
            Assert.Equal([3, 2], run.Checkpoints.Steps);
        }
        Assert.Equal("left", (string)JsonNode.Parse(File.ReadAllText(Path.Combine(path, "run.json")))!["sessions"]![0]!["exit"]!);
        using TrainingRun on = TrainingRun.Resume(path);
        Assert.Equal(3, on.Step);
    }

    [Fact]
    public async Task Several_runs_train_in_one_process_with_the_bits_they_have_alone()
    {
        using (TrainingRun alone = TrainingRun.Create(Config("training.seed=7"), folder: folder.File("alone"))) TrainAll(alone);
        using ImageDataset shared = Config().OpenData();
        string[] paths = [.. Enumerable.Range(0, 3).Select(i => folder.File($"run{i}"))];
        await Task.WhenAll(paths.Select((path, i) => Task.Run(() =>
        {
            using TrainingRun run = TrainingRun.Create(Config($"training.seed={(i == 2 ? 8 : 7)}"), shared, path);
            Assert.IsType<Ended>(TrainAll(run)[^1]);
        })));
        Assert.Equal(Weights(folder.File("alone"), 6), Weights(paths[0], 6));
        Assert.Equal(Weights(folder.File("alone"), 6), Weights(paths[1], 6));
        Assert.NotEqual(Weights(folder.File("alone"), 6), Weights(paths[2], 6));
    }

    [Fact]
    public void Images_of_the_caller_stay_his_and_must_fit()
    {
        using ImageDataset data = Config().OpenData();
        using (TrainingRun run = TrainingRun.Create(Config(), data, folder.File("run")))
        {
            Assert.Equal("creatures", run.Config.Data.Source);
            TrainAll(run);
        }
        Assert.Equal(16, data.Image(0).Width);
        DataException e = Assert.Throws<DataException>(() =>
            TrainingRun.Create(Config("model.size=32", "model.gAttention=none"), data, folder.File("other")));
        Assert.Contains("the images were opened as 16x16", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("other")));
        // They are compared with those it began with.
        using ImageDataset others = Config("data.creatureSeed=9").OpenData();
        Assert.Contains("the images differ",
            Assert.Throws<UsageException>(() =>
                TrainingRun.Resume(folder.File("run"), new ResumeOptions { Set = ["training.steps=9"] }, others)).Message,
            StringComparison.Ordinal);
        using TrainingRun longer = TrainingRun.Resume(folder.File("run"), new ResumeOptions { Set = ["training.steps=7"] }, data);
        Assert.Equal(7, TrainAll(longer)[^1].Step);
    }

    [Fact]
    public void What_is_wrong_is_an_exception()
    {
        RunConfig config = Config();
        Assert.StartsWith("model.size = 17: must be 4, 5, 6 or 7 doubled some times",
            Assert.Throws<ConfigException>(() => TrainingRun.Create(config with { Model = config.Model with { Size = 17 } })).Message,
                StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => RunConfig.FromPreset("demo", "training.bach=3"));
        Assert.Throws<DataException>(() => TrainingRun.Create(Config("data.source=nothing"), folder: folder.File("a")));
        Assert.Throws<RunFileException>(() => TrainingRun.Resume(folder.File("none")));
        using TrainingRun run = TrainingRun.Create(config, folder: folder.File("b"));
        Assert.Throws<UsageException>(() => TrainingRun.Create(config, folder: folder.File("b")));
        Assert.Throws<RunFileException>(() => TrainingRun.Resume(folder.File("b")));

        using TrainingRun explodes = TrainingRun.Create(
            Config("loss.kind=least-squares", "optimizer.gLearningRate=1", "optimizer.dLearningRate=1", "model.spectralNorm=none",
                "training.steps=400"),
            folder: folder.File("c"));
        DivergedException e = Assert.Throws<DivergedException>(() => TrainAll(explodes));
        Assert.Contains("training diverged: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sagan ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_program_made_has_its_origin()
    {
        RunConfig config = Config();
        using (TrainingRun run =
            TrainingRun.Create(config with { Training = config.Training with { Steps = 1 } }, folder: folder.File("run"))) TrainAll(run);
        JsonNode resolved = JsonNode.Parse(File.ReadAllText(folder.File("run/config.resolved.json")))!;
        Assert.Equal("the program", (string)resolved["training.steps"]!["origin"]!);
        Assert.Equal("preset demo", (string)resolved["optimizer.gLearningRate"]!["origin"]!);
    }

    [Fact]
    public void A_configuration_comes_from_a_preset_or_a_file_with_some_values_changed()
    {
        string file = folder.Write("c.json", """{ "preset": "sagan64", "training": { "batch": 7 } }""");
        RunConfig config = RunConfig.FromFile(file, "training.steps=9");
        Assert.Equal(("sagan64", 7, 9, 64), (config.Preset, config.Training.Batch, config.Training.Steps, config.Model.Size));
        Assert.Equal(RunConfig.FromPreset("sagan64", "training.batch=7", "training.steps=9").ToJsonObject().ToJsonString(),
            config.ToJsonObject().ToJsonString());
        Assert.Throws<ConfigException>(() => RunConfig.FromFile(folder.File("none.json")));
    }

    [Fact]
    public void A_run_begins_with_the_networks_of_another()
    {
        using (TrainingRun first = TrainingRun.Create(Config(), folder: folder.File("first"))) TrainAll(first);
        StartingPoint from = new(folder.File("first")) { Average = false };
        using TrainingRun second = TrainingRun.Create(Config("training.steps=1"), folder: folder.File("second"), from: from);
        Assert.StartsWith("the networks begin as those of ", TrainAll(second).OfType<Note>().First().Text, StringComparison.Ordinal);
        Assert.Equal(folder.File("first"), second.Files.Fact("from"));
    }

    [Fact]
    public async Task A_trained_run_makes_images_for_many_at_once()
    {
        string path = folder.File("run");
        using (TrainingRun run = TrainingRun.Create(Config(), folder: path)) TrainAll(run);
        SaganRun model = SaganRun.Load(path);
        Assert.Equal((6, true, 16), (model.Step, model.IsAverage, model.Config.Model.Size));
        Image[] alone = model.Sample(5, seed: 3);
        Image[][] all = await Task.WhenAll(Enumerable.Range(0, 8)
            .Select(i => Task.Run(() => model.Sample(5, seed: (ulong)(i % 2 == 0 ? 3 : 4)))));
        for (int i = 0; i < all.Length; i += 2) Assert.Equal(alone.Select(p => p.Pixels), all[i].Select(p => p.Pixels));
        Assert.NotEqual(alone[0].Pixels, all[1][0].Pixels);
        Tensor scores = Step.Run(() => model.Discriminator.Call(Sampling.Sampler.FromImages(alone, model.Device), null));
        Assert.Equal(5, scores.Count);
        Assert.NotEqual(alone[0].Pixels, SaganRun.Load(path, average: false).Sample(1, seed: 3)[0].Pixels);
        Assert.Throws<ArgumentException>(() => model.Sample(1, classes: [0]));
        Assert.Throws<RunFileException>(() => SaganRun.Load(folder.File("none")));
    }
}
