using System.Text.Json.Nodes;
using Sagan.Native.Data.Images;
using Sagan.Native.Inspection;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;
using Sagan.Native.Training.Checkpoints;

namespace Sagan.Native.Tests;

/// <summary>Runs to look at: one with maps of its own, one that is the same without.</summary>
public sealed class AttentionRuns : IDisposable
{
    readonly TemporaryFolder folder = new();

    static readonly string[] tiny =
    [
        "model.size=16", "model.convDim=8", "model.zDim=8", "model.gAttention=8", "model.dAttention=4,8", "model.attention.kind=multi-head",
        "model.attention.heads=2", "model.initialGamma=0.5", "training.batch=8", "training.steps=4", "training.saveEvery=2",
        "training.sampleEvery=0", "sampling.images=8", "watch.collapse=0", "data.creatureCount=30",
    ];

    public AttentionRuns()
    {
        (Run, Same) = (folder.File("run"), folder.File("same"));
        Train(Run, "training.attentionEvery=2");
        Train(Same);
        Bare = folder.File("bare");
        Train(Bare, "model.gAttention=none", "model.dAttention=none", "model.attention.kind=full", "model.attention.heads=1",
            "training.steps=1");
    }

    public string Run { get; }

    public string Same { get; }

    /// <summary>Without attention.</summary>
    public string Bare { get; }

    internal List<TrainingEvent> Events { get; } = [];

    internal string File(string name) => folder.File(name);

    void Train(string path, params string[] more)
    {
        using TrainingRun run = Begin(path, more);
        Events.AddRange(run.Train().Where(e => e is MapsDrawn));
    }

    internal static TrainingRun Begin(string path, params string[] more) =>
        TrainingRun.Create(RunConfig.FromPreset("demo", [.. tiny, .. more]), folder: path);

    public void Dispose() => folder.Dispose();
}

/// <summary><c>sagan attention</c>, and the maps of a run that trains.</summary>
public sealed class AttentionCommandTests(AttentionRuns runs) : IClassFixture<AttentionRuns>
{
    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        return (Commands.SaganCommandLine.Run(arguments, output, error), output.ToString(), error.ToString());
    }

    [Fact]
    public void A_picture_has_a_row_for_each_image_and_a_map_for_each_point()
    {
        string file = runs.File("maps.png");
        (int code, string output, string error) = Sagan("attention", runs.Run, "--count", "2", "--out", file, "--json");
        Assert.Equal((0, ""), (code, error));
        Image picture = TestData.Load(file);
        // A cell is 16 x 10 pixels; five points and the image; a header, and two lines of cells with a label below.
        Assert.Equal((8 + 6 * 168, 8 + 20 + 2 * (160 + 20 + 8)), (picture.Width, picture.Height));
        JsonArray maps = JsonNode.Parse(output)!["maps"]!.AsArray();
        SaganRun run = SaganRun.Load(runs.Run);
        AttentionPass pass = run.Attention(2, 1);
        int[] points = QueryPoints.MostDifferent(pass["g.attn1"], 1, 5);
        Assert.Equal(points, maps.Where(m => (int)m!["image"]! == 1).Select(m => (int)m!["row"]! * 8 + (int)m["column"]!));
        Assert.Equal(run.Sample(2, 1)[1].Pixels, pass.Images[1].Pixels);
        // The image is there as it is, ten times as large.
        int x = 8 + 155, y = 28 + 188 + 5;
        Assert.Equal(pass.Images[1].Pixels[45..48], picture.Pixels.AsSpan((y * picture.Width + x) * 3, 3).ToArray());

        string closer = runs.File("closer.png");
        Assert.Equal(0, Sagan("attention", runs.Run, "--count", "1", "--layer", "d.attn2", "--head", "1", "--query", "0,0", "--query",
            "3,2", "--microscope", "--out", closer).Code);
        picture = TestData.Load(closer);
        Assert.Equal((8 + 3 * 168, 8 + 20 + 3 * 180 + 8), (picture.Width, picture.Height));
    }

    [Fact]
    public void A_run_keeps_its_maps_without_a_bit_of_difference()
    {
        Assert.Equal([0, 2, 4], runs.Events.Select(e => e.Step));
        foreach (string file in (string[])["model.safetensors", "ema.safetensors", "optim.safetensors"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(runs.Same, "checkpoints", Checkpoint.NameOf(4), file)),
                File.ReadAllBytes(Path.Combine(runs.Run, "checkpoints", Checkpoint.NameOf(4), file)));
        Assert.False(Directory.Exists(Path.Combine(runs.Same, "attention")));
        string maps = Path.Combine(runs.Run, "attention");
        Assert.Equal(["step-0000000.png", "step-0000000.safetensors", "step-0000002.png", "step-0000002.safetensors", "step-0000004.png",
            "step-0000004.safetensors"], Directory.GetFiles(maps).Select(f => Path.GetFileName(f)!).Order());
        byte[] board = [.. Directory.GetFiles(Path.Combine(runs.Run, "tb")).SelectMany(File.ReadAllBytes)];
        Assert.True(board.AsSpan().IndexOf("attention"u8) > 0);

        SaganRun run = SaganRun.Load(runs.Run);
        AttentionRecord last = run.AttentionHistory().Last();
        Assert.Equal((4, 4), ((int)last.Step, last.Images.Count));
        using TrainingRun again = TrainingRun.Resume(runs.Run);
        Assert.Equal(again.Samples(4)[3].Pixels, last.Images[3].Pixels);
        AttentionPass now = AttentionPass.Of(run.Generator, again.State.FixedZ(4));
        Assert.Equal(now["g.attn1"].Map(2, null, 20), last.Layers[0].Map(2, null, 20));
        Assert.Equal(now["g.attn1"].Gamma, last.Layers[0].Gamma);
        Assert.InRange(new DirectoryInfo(maps).GetFiles().Sum(f => f.Length) * 2, 1, DiskNeed.Of(again.State, 0).MapBytes * 2);
    }

    [Fact]
    public void The_history_is_an_animation_with_a_picture_for_each_step()
    {
        string gif = runs.File("forms.gif"), png = runs.File("forms.png");
        foreach (string file in (string[])[gif, png])
        {
            (int code, _, string error) = Sagan("attention", runs.Run, "--history", "--count", "2", "--out", file);
            Assert.Equal((0, ""), (code, error));
        }
        using SixLabors.ImageSharp.Image animation = SixLabors.ImageSharp.Image.Load(gif);
        Assert.Equal(3, animation.Frames.Count);
        // A viewer that knows nothing of animations sees the first: a title, a header, two images.
        Image first = TestData.Load(png);
        Assert.Equal((8 + 6 * 168, 8 + 20 + 20 + 2 * 188), (first.Width, first.Height));
        Assert.Equal((first.Width, first.Height), (animation.Width, animation.Height));
        byte[] bytes = File.ReadAllBytes(png);
        Assert.True(bytes.AsSpan().IndexOf("acTL"u8) > 0);
        Assert.Equal(3, Occurrences(bytes, "fcTL"u8));
        Assert.Equal(2, Occurrences(bytes, "fdAT"u8));

        static int Occurrences(ReadOnlySpan<byte> all, ReadOnlySpan<byte> part)
        {
            int n = 0;
            for (int at; (at = all.IndexOf(part)) >= 0; n++) all = all[(at + part.Length)..];
            return n;
        }
    }

    public static TheoryData<string, string> BadInputs => new()
    {
        { "--layer g.atn1", "layer g.atn1: there is no such attention layer; there are g.attn1, d.attn1, d.attn2. Did you mean g.attn1?" },
        { "--query 8,0", "--query 8,0: the map of g.attn1 is 8x8: row and column are 0 to 7; to leave layers out, name one with --layer." },
        { "--query -1,0", "--query -1,0: must be a row and a column, from 0, such as 12,20." },
        { "--query 3", "--query 3: must be a row and a column, from 0, such as 12,20." },
        { "--head 2", "--head 2: g.attn1 has 2 heads, 0 to 1." },
        { "--head -1", "--head -1: g.attn1 has 2 heads, 0 to 1." },
        { "--class 1", "--class 1: the model knows no classes; it was trained without --conditional." },
        { "--checkpoint 3", "--checkpoint 3: RUN has no such checkpoint; there are 4, 2." },
        { "--checkpoint best", "--checkpoint best: RUN has no such checkpoint; there are 4, 2." },
        { "--count 0", "--count 0: must be 1 to 64." },
        { "--out a.pdf", "--out a.pdf: maps are written as a picture (.png, .jpg, .jpeg, .webp, .bmp) or a page (.html); end the name with "
            + "one of them." },
        { "--history --out a.webp", "--out a.webp: an animation is written as .gif or .png; end the name with one of them." },
        { "--history --layer d.attn1", "--layer d.attn1: the run kept no maps of it; it keeps those of the generator." },
    };

    [Theory]
    [MemberData(nameof(BadInputs))]
    public void What_is_wrong_is_said_in_a_line(string options, string message)
    {
        (int code, _, string error) = Sagan(["attention", runs.Run, .. options.Split(' '),
            .. options.Contains("--out", StringComparison.Ordinal) ? Array.Empty<string>()
                : ["--out", runs.File(options.Contains("--history", StringComparison.Ordinal) ? "bad.gif" : "bad.png")]]);
        Assert.Equal((2, $"error: {message.Replace("RUN", runs.Run, StringComparison.Ordinal)}"), (code, error.TrimEnd()));
    }

    [Fact]
    public void A_run_without_attention_or_with_a_damaged_checkpoint_is_told_in_a_line()
    {
        (int code, _, string error) = Sagan("attention", runs.Bare, "--out", runs.File("bare.png"));
        Assert.Equal((2, $"error: {runs.Bare}: the networks have no attention; they were trained with model.gAttention=none and "
            + "model.dAttention=none, and there are no maps."), (code, error.TrimEnd()));
        Assert.Contains("has no maps of earlier steps", Sagan("attention", runs.Same, "--history", "--out", runs.File("no.gif")).Error,
            StringComparison.Ordinal);

        string copy = runs.File("damaged");
        foreach (string file in Directory.GetFiles(runs.Run, "*", SearchOption.AllDirectories))
        {
            string to = Path.Combine(copy, Path.GetRelativePath(runs.Run, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            if (!file.EndsWith(".lock", StringComparison.Ordinal)) File.Copy(file, to);
        }
        string weights = Path.Combine(copy, "checkpoints", Checkpoint.NameOf(2), "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        (code, _, error) = Sagan("attention", copy, "--checkpoint", "2", "--out", runs.File("damaged.png"));
        Assert.Equal(5, code);
        Assert.Matches(@"^error: .*model\.safetensors.*\n$", error);

        File.WriteAllBytes(Path.Combine(copy, "attention", "step-0000002.safetensors"), [1, 2, 3]);
        (code, _, error) = Sagan("attention", copy, "--history", "--out", runs.File("damaged.gif"));
        Assert.Equal(5, code);
        Assert.Matches(@"^error: .*step-0000002\.safetensors: the maps of a step cannot be read: .*; delete the file .*\n$", error);
    }

    [Fact]
    public void A_query_of_either_network_is_had_and_what_is_not_there_is_refused()
    {
        SaganRun run = SaganRun.Load(runs.Run);
        IReadOnlyList<AttentionLayer> all = run.AttentionLayers();
        AttentionLayer g = AttentionLayers.Find(all, "g.attn1"), d = AttentionLayers.Find(all, "d.attn2");
        Image made = run.Sample(1)[0], real = TestData.Load(Path.Combine(runs.Run, "samples", "real.png"));
        real = new Image(16, 16, 3, real.Pixels[..768]);
        AttentionQuery of = run.AttentionAt(d, head: 1), other = run.AttentionAt(d, query: 5, image: real);
        Assert.Equal(made.Pixels, of.Image.Pixels);
        Assert.Equal(1, of.Head);
        Assert.Equal(QueryPoints.MostDifferent(run.Attention([made])["d.attn2"], 0, 1, head: 1)[0], of.Query);
        Assert.Equal((run.Attention([real]).Scores[0], 5), (other.L, other.Query));
        Assert.Equal((0, 15), run.AttentionAt(g, pixel: (0, 15)).Pixel);

        Refused("layer", () => run.AttentionAt(null!));
        Refused("pixel", () => run.AttentionAt(d, pixel: (1, 1)));
        Refused("image", () => run.AttentionAt(g, image: made));
        foreach (int head in (int[])[-1, 2]) Refused("head", () => run.AttentionAt(g, head: head));
        foreach (int query in (int[])[-1, 64]) Refused("query", () => run.AttentionAt(g, query));
        Refused("query", () => run.AttentionAt(d, 16));
        foreach ((int, int) pixel in ((int, int)[])[(-1, 0), (0, 16)]) Refused("pixel", () => run.AttentionAt(g, pixel: pixel));
        Refused("classes", () => run.AttentionAt(g, label: 0));
        ModelConfig m = run.Config.Model with { Attention = new() { Similarity = AttentionSimilarity.DotProduct } };
        Refused("layer", () => run.AttentionAt(AttentionLayers.Of(Generator.Create(m, new Initializer(new RandomSource(1))))[0]));

        static void Refused(string parameter, Action call)
        {
            ArgumentException e = Assert.ThrowsAny<ArgumentException>(call);
            Assert.Equal(parameter, e.ParamName);
        }
    }

    [Theory]
    [InlineData("running")]
    [InlineData("batch")]
    public void A_sample_of_the_grid_is_made_again_with_its_attention(string statistics)
    {
        string path = runs.File(statistics);
        using TrainingRun training = AttentionRuns.Begin(path, "training.steps=1", $"sampling.statistics={statistics}");
        foreach (TrainingEvent _ in training.Train()) { }
        SaganRun run = SaganRun.Load(path);
        Image[] grid = training.Samples(8);
        foreach (int i in (int[])[0, 7])
        {
            (AttentionPass pass, int sample) = run.GridAttention(i);
            Assert.Equal(grid[i].Pixels, pass.Images[sample].Pixels);
            Assert.Equal(statistics == "batch" ? 8 : 1, pass.Images.Count);
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => run.GridAttention(8));
        Assert.Equal([(0, 35), (35, 70)], Sampling.Sampler.Batches(70));
    }

    [Fact]
    public void Maps_are_asked_for_where_there_are_some()
    {
        foreach (string set in (string[])["model.gAttention=none", "model.attention.similarity=dot-product"])
            Assert.Contains("attentionEvery", Assert.Throws<Configuration.ConfigException>(() =>
                RunConfig.FromPreset("demo", "training.attentionEvery=1", set)).Message, StringComparison.Ordinal);
    }
}
