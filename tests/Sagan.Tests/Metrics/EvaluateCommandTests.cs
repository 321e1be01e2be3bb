using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Sampling;

namespace Sagan.Native.Tests.Metrics;

/// <summary>A run of one step, and a cache of its own.</summary>
public sealed class TinyRun : IDisposable
{
    readonly string? before = Environment.GetEnvironmentVariable("SAGAN_CACHE");

    public TinyRun()
    {
        Environment.SetEnvironmentVariable("SAGAN_CACHE", Folder.File("cache"));
        Path = Folder.File("run");
        (int code, _, string error) = Sagan("train", "--out", Path, "--steps", "1", "--size", "16", "--conv-dim", "8", "--z-dim", "8",
            "--batch", "4",
            "--g-attention", "none", "--d-attention", "none", "--set", "data.creatureCount=120", "-q");
        Assert.True(code == 0, error);
    }

    /// <summary>A folder of 10 images without classes.</summary>
    public string Images
    {
        get
        {
            for (int i = 0; i < 10; i++) ImageFile.Save(Folder / $"images/{i}.png", Creature.FromSeed(7, i).Draw(16));
            return Folder.File("images");
        }
    }

    internal TemporaryFolder Folder { get; } = new();

    public string Path { get; }

    public static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("SAGAN_CACHE", before);
        Folder.Dispose();
    }
}

public class EvaluateCommandTests(TinyRun run) : IClassFixture<TinyRun>
{
    static (int Code, string Output, string Error) Sagan(params string[] arguments) => TinyRun.Sagan(arguments);

    static EvaluateRequest Request(params string[] arguments)
    {
        EvaluateCommand verb = new();
        RootCommand root = new() { verb };
        GlobalOptions.AddTo(root);
        return verb.Read(root.Parse(["evaluate", .. arguments]),
            new CommandContext(new Terminal(TextWriter.Null, TextWriter.Null, new TerminalOptions()), Json: false));
    }

    [Fact]
    public void Options_become_a_request()
    {
        EvaluateRequest r = Request("r", "--metric", "fid, prdc", "--n", "500", "--data", "d", "--network", "w", "--seed", "4", "--batch",
            "8", "--no-ema",
            "--statistics", "batch", "--fail-over", "fid=30", "--fail-under", "recall=0.5", "--reference-n", "700");
        Assert.Equal(("r", "d", 500, 700, "w", 4ul, 8, false),
            (r.Source, r.Data, r.Count, r.ReferenceCount, r.Network, r.Seed, r.Batch, r.Ema));
        Assert.Equal(["fid", "prdc"], r.Metrics);
        Assert.Equal(NormStatistics.Batch, r.Statistics);
        Assert.Equal([new Threshold("--fail-over", "fid", 30, false), new Threshold("--fail-under", "recall", 0.5, true)], r.Thresholds);
        EvaluateRequest plain = Request("r");
        Assert.Equal((10_000, 50_000, true, 1ul), (plain.Count, plain.ReferenceCount, plain.Ema, plain.Seed));
        Assert.Empty(plain.Metrics);
    }

    [Theory]
    [InlineData("one of the two")]
    [InlineData("one of the two", "r", "--images", "f")]
    [InlineData("needs --data", "--images", "f")]
    [InlineData("--metric fdi: must be of fid, kid, is, prdc, intra-fid. Did you mean fid?", "r", "--metric", "fdi")]
    [InlineData("--n 1: must be 2 to 1000000", "r", "--n", "1")]
    [InlineData("must be metric=value, such as fid=30", "r", "--fail-over", "fid")]
    [InlineData("must be metric=value", "r", "--fail-over", "fid=NaN")]
    [InlineData("Did you mean recall?", "r", "--fail-under", "recal=3")]
    [InlineData("consistency is not among the metrics", "--images", "IMAGES", "--data", "IMAGES", "--size", "16", "--fail-over",
        "consistency=1")]
    [InlineData("the data set has none; give --network", "--images", "IMAGES", "--data", "IMAGES", "--size", "16", "--metric", "is")]
    [InlineData("have not the classes of the data set", "RUN", "--n", "20", "--metric", "intra-fid")]
    [InlineData("recall is not among the metrics that are computed here", "RUN", "--metric", "fid", "--fail-under", "recall=1")]
    public void A_wrong_command_line_exits_2_with_the_way_out(string message, params string[] arguments)
    {
        (int code, string output, string error) =
            Sagan(["evaluate", .. arguments.Select(a => a == "RUN" ? run.Path : a == "IMAGES" ? run.Images : a)]);
        Assert.Equal(2, code);
        Assert.Contains(message, error.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        Assert.DoesNotContain("FID", output);
    }

    [Fact]
    public void A_run_is_judged_against_its_own_data()
    {
        (int code, string output, string error) = Sagan("evaluate", run.Path, "--n", "64");
        Assert.True(code == 0, error);
        Assert.Matches(@"(?m)^proxy-FID +\d[\d.]*   \(64 generated, 120 real\)$", output);
        Assert.Matches(@"(?m)^proxy-KID +\d[\d.]* \+- [\d.E-]+   \(64 generated, 120 real\)$", output);
        Assert.Matches(@"(?m)^proxy-IS +\d[\d.]* \+- [\d.E-]+   \(64 generated\)$", output);
        foreach (string name in (string[])["precision", "recall", "density", "coverage"]) Assert.Matches($@"(?m)^proxy-{name} +\d", output);
        Assert.Matches(@"(?m)^consistency +\d[\d.]* % of 64 images", output);
        Assert.Matches(@"(?m)^network: class-cnn-1 [0-9a-f]{8}$", output);
        // Never FID itself, and never without its bias and its meaning.
        Assert.DoesNotMatch(@"(?m)^FID", output);
        Assert.Contains("fewer than 2048", error);
        Assert.Contains("must not be compared with published ones", error);
    }

    [Fact]
    public void Json_has_every_number_with_what_it_depends_on_and_the_same_seed_gives_the_same()
    {
        string[] arguments = ["evaluate", run.Path, "--n", "40", "--seed", "5", "--metric", "fid,kid", "--json"];
        JsonNode json = JsonNode.Parse(Sagan(arguments).Output)!;
        Assert.Equal((1, 5, "creatures"), ((int)json["step"]!, (int)json["seed"]!, (string)json["reference"]!));
        Assert.True((bool)json["ema"]! && (bool)json["proxy"]!);
        Assert.StartsWith("class-cnn-1 ", (string)json["network"]!);
        Assert.Equal(["fid", "kid"], json["metrics"]!.AsArray().Select(m => (string)m!["metric"]!));
        JsonNode fid = json["metrics"]![0]!;
        Assert.Equal(("proxy-FID", 40, 120), ((string)fid["name"]!, (int)fid["images"]!, (int)fid["reference_images"]!));
        Assert.Equal(2, json["warnings"]!.AsArray().Count);
        Assert.Equal(40, (int)json["consistency"]!["images"]!);
        JsonNode again = JsonNode.Parse(Sagan(arguments).Output)!;
        Assert.Equal(json["metrics"]!.ToJsonString(), again["metrics"]!.ToJsonString());
        arguments[5] = "6";
        Assert.NotEqual(json["metrics"]!.ToJsonString(), JsonNode.Parse(Sagan(arguments).Output)!["metrics"]!.ToJsonString());
    }

    [Theory]
    [InlineData(6, "--fail-over", "fid=0.001")]
    [InlineData(0, "--fail-over", "fid=1000000")]
    [InlineData(6, "--fail-under", "consistency=0.9")]
    [InlineData(0, "--fail-under", "fid=0.001")]
    public void A_threshold_that_is_passed_exits_6_after_the_numbers(int expected, params string[] threshold)
    {
        (int code, string output, string error) = Sagan(["evaluate", run.Path, "--n", "40", "--metric", "fid", .. threshold]);
        Assert.Equal(expected, code);
        Assert.Contains("proxy-FID", output);
        if (code == 6) Assert.Matches(@"error: (proxy-FID|consistency) is [\d.E+-]+, (above|below) the limit of ", error);
    }

    [Fact]
    public void Two_sets_of_images_can_be_compared_class_by_class_too()
    {
        // With the images of the tests below, and so with their feature network.
        string a = Folders("a", 1), b = Folders("b", 3);
        JsonNode json = Compare(b, "fid,prdc");
        Assert.StartsWith("class-cnn-1 ", (string)json["network"]!);
        double[] values = [.. json["metrics"]!.AsArray().Select(m => (double)m!["value"]!)];
        // A set against itself: no distance but rounding, and everything inside.
        Assert.InRange(values[0], 0, 1e-3);
        Assert.Equal([1, 1, 1, 1], values[1..]);
        Assert.Null(json["consistency"]);

        json = Compare(a, "intra-fid");
        JsonNode metric = json["metrics"]![0]!;
        Assert.Equal(("proxy-intra-FID", 24, 24), ((string)metric["name"]!, (int)metric["images"]!, (int)metric["reference_images"]!));
        Assert.Equal(["left", "right"], json["classes"]!.AsArray().Select(c => (string)c!["name"]!));
        Assert.Equal(json["classes"]!.AsArray().Average(c => (double)c!["value"]!), (double)metric["value"]!, 1e-12);
        // Classes are told apart in the part of the data set that is asked for.
        json = Compare(a, "intra-fid", "--reference-n", "20");
        Assert.Equal(20, (int)json["metrics"]![0]!["reference_images"]!);
        Assert.Contains("the smallest class has ", (string)json["warnings"]!.AsArray()[^1]!);

        JsonNode Compare(string images, string metrics, params string[] more)
        {
            string[] arguments = ["evaluate", "--images", images, "--data", b, "--size", "16", "--metric", metrics, "--json", .. more];
            (int code, string output, string error) = Sagan(arguments);
            Assert.True(code == 0, error);
            return JsonNode.Parse(output)!;
        }
    }

    [Fact]
    public void Metrics_that_have_a_value_are_told_beside_the_reason_why_others_have_none()
    {
        string five = run.Folder.File("five");
        for (int i = 0; i < 5; i++) ImageFile.Save(run.Folder / $"five/{i}.png", Creature.FromSeed(9, i).Draw(16));
        string[] arguments = ["evaluate", "--images", five, "--data", five, "--size", "16"];
        (int code, string output, string error) = Sagan(arguments);
        Assert.True(code == 0, error);
        // A set against itself: 0, and never below.
        Assert.Matches(@"(?m)^proxy-FID +(0|\d[\d.E-]*)   \(5 generated, 5 real\)$", output);
        Assert.Matches(@"(?m)^proxy-KID ", output);
        Assert.Matches(@"(?m)^proxy-prdc +not computed: 5 images to judge and 5 real; at least 6 of each are needed$", output);
        JsonNode json = JsonNode.Parse(Sagan([.. arguments, "--json"]).Output)!;
        Assert.Equal(["fid", "kid"], json["metrics"]!.AsArray().Select(m => (string)m!["metric"]!));
        Assert.True((double)json["metrics"]![0]!["value"]! >= 0);
        Assert.Equal("prdc", (string)json["not_computed"]![0]!["metric"]!);
        (code, _, error) = Sagan([.. arguments, "--fail-under", "recall=0.5"]);
        Assert.Equal(1, code);
        Assert.Contains("recall cannot be computed: 5 images", error);
    }

    [Theory]
    [InlineData("one")]
    [InlineData("four", "--metric", "prdc")]
    public void What_cannot_be_computed_is_refused_before_a_network_is_trained(string images, params string[] more)
    {
        for (int i = 0; i < (images == "one" ? 1 : 4); i++)
            ImageFile.Save(run.Folder / $"{images}/{i}.png", Creature.FromSeed(10, i).Draw(16));
        string[] before = Directory.Exists(run.Folder.File("cache")) ? Directory.GetFiles(run.Folder.File("cache")) : [];
        (int code, _, string error) = Sagan(
            ["evaluate", "--images", run.Folder.File(images), "--data", run.Folder.File(images), "--size", "16", .. more]);
        Assert.Equal(1, code);
        Assert.Contains("nothing can be computed", error);
        Assert.DoesNotContain("training the feature network", error);
        Assert.Equal(before, Directory.Exists(run.Folder.File("cache")) ? Directory.GetFiles(run.Folder.File("cache")) : []);
    }

    [Fact]
    public void One_class_of_a_model_is_judged_against_the_real_images_of_it()
    {
        string data = Folders("pair", 3), path = run.Folder.File("conditional");
        (int code, string output, string error) =
            Sagan("train", "--out", path, "--steps", "1", "--size", "16", "--conv-dim", "8", "--z-dim", "8",
            "--batch", "4", "--g-attention", "none", "--d-attention", "none", "--conditional", "true", "--data", data, "-q");
        Assert.True(code == 0, error);
        (code, output, error) = Sagan("evaluate", path, "--class", "right", "--n", "8", "--metric", "fid,prdc", "--json");
        Assert.True(code == 0, error);
        JsonNode json = JsonNode.Parse(output)!;
        Assert.Equal("right", (string)json["class"]!);
        Assert.All(json["metrics"]!.AsArray(), m => Assert.Equal((8, 12), ((int)m!["images"]!, (int)m["reference_images"]!)));
        (code, _, error) = Sagan("evaluate", path, "--class", "middle");
        Assert.Equal(2, code);
        Assert.Contains("no such class; there are left, right", error);
        Assert.Equal(2, Sagan("evaluate", path, "--class", "left", "--metric", "intra-fid").Code);
        Assert.Equal(2, Sagan("evaluate", run.Path, "--class", "left").Code);

        // As many classes of other names are other classes.
        string others = Folders("others", 4, "down", "up");
        (code, _, error) = Sagan("evaluate", path, "--class", "right", "--data", others, "--n", "8", "--metric", "fid");
        Assert.Equal(2, code);
        Assert.Contains("--class right: the model has 2 classes (left, right), the data set 2 classes (down, up); "
            + "leave it, or give the data set", error);
        (code, _, error) = Sagan("evaluate", path, "--data", others, "--n", "24", "--metric", "intra-fid");
        Assert.Equal(2, code);
        Assert.Contains("have not the classes of the data set", error);
    }

    [Fact]
    public void Every_class_of_a_model_is_judged_by_itself_by_name_or_by_number_where_it_knows_no_names()
    {
        string data = Folders("sides", 3), path = run.Folder.File("named");
        (int code, _, string error) = Sagan("train", "--out", path, "--steps", "1", "--size", "16", "--conv-dim", "8", "--z-dim", "8",
            "--batch", "4", "--g-attention", "none", "--d-attention", "none", "--conditional", "true", "--data", data, "-q");
        Assert.True(code == 0, error);
        string named = Classes();
        Assert.StartsWith("left ", named);
        Assert.Contains(", right ", named);

        // As imported weights are.
        string state = System.IO.Path.Combine(path, "checkpoints", "step-0000001", "state.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(state))!;
        Assert.True(json["state"]!.AsObject().Remove("classes"));
        File.WriteAllText(state, json.ToJsonString());
        Assert.Equal(named, Classes());
        (code, _, error) = Sagan("evaluate", path, "--class", "1", "--n", "8", "--metric", "fid");
        Assert.True(code == 0, error);

        string Classes()
        {
            (int code, string output, string error) = Sagan("evaluate", path, "--n", "24", "--metric", "intra-fid", "--json");
            Assert.True(code == 0, error);
            return string.Join(", ", JsonNode.Parse(output)!["classes"]!.AsArray().Select(c => $"{c!["name"]} {c["value"]}"));
        }
    }

    // 24 images in two classes.
    string Folders(string name, ulong seed, string even = "left", string odd = "right")
    {
        for (int i = 0; i < 24; i++)
            ImageFile.Save(run.Folder / $"{name}/{(i % 2 == 0 ? even : odd)}/{i}.png", Creature.FromSeed(seed, i).Draw(16));
        return run.Folder.File(name);
    }
}
