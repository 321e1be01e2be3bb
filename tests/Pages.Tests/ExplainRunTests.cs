using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Sagan.Native.Commands;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary><c>sagan explain attention RUN</c>: a trained network's pixel, and what cannot be shown.</summary>
public sealed class ExplainRunTests(Browser browser, ExplainRunTests.Trained trained) : IClassFixture<ExplainRunTests.Trained>
{
    /// <summary>Two steps of a small network whose gamma is not 0.</summary>
    public sealed class Trained : IDisposable
    {
        readonly TemporaryFolder folder = new();

        public Trained()
        {
            Run = Of("run", "8", "4");
            Without = Of("without", "none", "none");
        }

        public string Run { get; }

        /// <summary>Of networks without attention.</summary>
        public string Without { get; }

        public string File(string name) => folder.File(name);

        string Of(string name, string g, string d)
        {
            using TrainingRun run = TrainingRun.Create(RunConfig.FromPreset("demo", "model.size=16", "model.convDim=8", "model.zDim=8",
                $"model.gAttention={g}", $"model.dAttention={d}", "model.initialGamma=0.5", "training.batch=8", "training.steps=2",
                "training.logEvery=1", "sampling.images=8", "watch.collapse=0", "data.creatureCount=30"), folder: folder.File(name));
            foreach (TrainingEvent _ in run.Train()) { }
            return run.Folder;
        }

        public void Dispose() => folder.Dispose();
    }

    static (int Code, string Output, string Error) Sagan(params string[] arguments)
    {
        StringWriter output = new(), error = new();
        int code = SaganCommandLine.Run(arguments, output, error);
        return (code, output.ToString(), error.ToString());
    }

    [Fact]
    public async Task The_page_shows_a_pixel_of_a_trained_network()
    {
        string page = trained.File("page.html");
        (int code, string said, string error) = Sagan("explain", "attention", trained.Run, "--layer", "g.attn1", "--query", "3,5",
            "--out", page, "--json");
        Assert.Equal((0, ""), (code, error));
        Assert.Equal("[7,11]", JsonNode.Parse(said)!["pixel"]!.ToJsonString());
        await using OpenPage open = await browser.Open(page, 380);
        string[][] rows = await open.Page.EvaluateAsync<string[][]>("""
            () => new Promise(done => {
              const look = () => {
                const rows = [...document.querySelectorAll("#trained tbody tr")];
                if (rows.length === 0) return setTimeout(look, 20);
                done(rows.map(r => [...r.children].map(c => c.textContent)));
              };
              look();
            })
            """);
        Assert.Equal(9, rows.Length);
        Assert.Equal("3,5", rows[0][2]);
        double[] weights = [.. rows.Skip(1).Select(r => double.Parse(r[5].Replace('−', '-')))];
        Assert.Equal(weights.OrderDescending(), weights);
        Assert.True(weights.Sum() is > 0 and < 1);
        await open.FitsItsWidth();
        await open.IsAccessible();
        await open.Page.ClickAsync("[data-map='dE']");
        Assert.EndsWith("#map=dE", open.Page.Url, StringComparison.Ordinal);
        Assert.Equal("true", await open.Page.GetAttributeAsync("[data-map='dE']", "aria-pressed"));
        // The four pixels are there as ever.
        Assert.Equal(26, await open.Page.Locator("#sheet .matrix").CountAsync());
    }

    [Theory]
    [InlineData]
    [InlineData("--data", "creatures")]
    public async Task Of_the_discriminator_it_shows_what_moves_the_score(params string[] image)
    {
        string page = trained.File("score.html");
        (int code, string said, string error) = Sagan(["explain", "attention", trained.Run, "--layer", "d.attn1", "--query", "1,2",
            .. image, "--out", page]);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("d.attn1, query 1,2, score;", said, StringComparison.Ordinal);
        await using OpenPage open = await browser.Open(page);
        await Assertions.Expect(open.Page.Locator("#trained")).ToContainTextAsync("L is the discriminator's score of the image");
        Assert.Equal(9, await open.Page.Locator("#trained tbody tr").CountAsync());
        await open.IsAccessible();
    }

    [Theory]
    [InlineData("layer g.attn7: there is no such attention layer; there are g.attn1, d.attn1.", "RUN", "--layer", "g.attn7")]
    [InlineData("--pixel 3,1: d.attn1 leads to a score, which has no pixel; leave it out.", "RUN", "--layer", "d.attn1", "--pixel", "3,1")]
    [InlineData("--data x: g.attn1 makes its image from noise; leave it out, or name a --layer of the discriminator.", "RUN", "--data",
        "x")]
    [InlineData("--seed: is of an image that the generator makes; leave it or --data out.", "RUN", "--data", "x", "--seed", "1")]
    [InlineData("--query 8,0: the map of g.attn1 is 8x8; row and column are 0 to 7.", "RUN", "--query", "8,0")]
    [InlineData("--query 5: must be a row and a column, from 0, such as 12,20.", "RUN", "--query", "5")]
    [InlineData("--pixel 3,16: the image is 16x16; row and column are 0 to 15.", "RUN", "--pixel", "3,16")]
    [InlineData("--head 1: g.attn1 has 1; they are counted from 0.", "RUN", "--head", "1")]
    [InlineData("the networks have no attention to show; they were trained with model.gAttention=none and model.dAttention=none.",
        "WITHOUT")]
    [InlineData("--query: says what to show of a run, and none is named; put its folder behind `attention`.", "--query", "1,1")]
    [InlineData("--out page.txt: a page is a .html file; name it so, or no browser shows it.", "--out", "page.txt")]
    public void What_cannot_be_shown_is_said_in_one_line(string message, params string[] arguments)
    {
        string page = trained.File("none.html");
        string[] named = [.. arguments.Select(a => a == "RUN" ? trained.Run : a == "WITHOUT" ? trained.Without : a)];
        if (!arguments.Contains("--out")) named = [.. named, "--out", page];
        (int code, string output, string error) = Sagan(["explain", "attention", .. named]);
        Assert.Equal((2, ""), (code, output));
        Assert.Contains(message, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(File.Exists(page));
    }
}
