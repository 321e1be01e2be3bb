using Microsoft.Playwright;
using Sagan.Native.Commands;
using Sagan.Native.Inspection;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>A page of maps of a tiny run whose name would like to be markup.</summary>
public sealed class MapsPageFile : IDisposable
{
    const string Hostile = "<img src=x onerror=document.title='taken'>&amp;\"'";

    readonly TemporaryFolder folder = new();

    public MapsPageFile()
    {
        string run = folder.File(Hostile);
        RunConfig config = RunConfig.FromPreset("demo", "model.size=16", "model.convDim=8", "model.zDim=8", "model.gAttention=8",
            "model.dAttention=8", "model.attention.kind=multi-head", "model.attention.heads=2", "model.attention.scales=1,2",
            "model.initialGamma=0.5", "training.batch=8", "training.steps=1", "sampling.images=8", "data.creatureCount=30");
        using (TrainingRun training = TrainingRun.Create(config, folder: run))
            foreach (TrainingEvent _ in training.Train())
            {
            }
        Run = SaganRun.Load(run);
        Path = folder.File("maps.html");
        using StringWriter output = new(), error = new();
        Assert.Equal(0, SaganCommandLine.Run(["attention", run, "--count", "2", "--out", Path], output, error));
        Assert.Equal("", error.ToString());
        Assert.Matches(@"^maps of step 1 \(g\.attn1, d\.attn1\), 0\.\d MB: ", output.ToString());
    }

    public string Path { get; }

    public SaganRun Run { get; }

    public string Name => Hostile;

    public void Dispose() => folder.Dispose();
}

/// <summary>The page of attention maps.</summary>
public sealed class MapsPageTests(Browser browser, MapsPageFile file) : IClassFixture<MapsPageFile>
{
    static async Task<(double[] Map, int Query)> Shown(IPage page)
    {
        await page.EvaluateAsync("() => page.maps.ready");
        return (await page.EvaluateAsync<double[]>("() => page.maps.current()"),
            await page.EvaluateAsync<int>("() => page.maps.state.query"));
    }

    static void AssertNear(float[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-6);
        Assert.Equal(1, actual.Sum(), 1e-6);
    }

    [Fact]
    public async Task The_map_of_the_pixel_under_the_mouse_is_that_of_the_engine()
    {
        AttentionPass made = file.Run.Attention(2, 1), scored = file.Run.Attention(made.Images);
        await using OpenPage open = await browser.Open(file.Path);
        IPage page = open.Page;
        (double[] map, int query) = await Shown(page);
        Assert.Equal(QueryPoints.MostDifferent(made["g.attn1"], 0, 5)[0], query);
        AssertNear(made["g.attn1"].Map(0, null, query), map);

        await Over(2, 6);
        AssertNear(made["g.attn1"].Map(0, null, 22), (await Shown(page)).Map);
        Assert.StartsWith("Row 2, column 6 of 8 x 8 reads most, ", await page.Locator("#where").TextContentAsync());
        await page.Locator("#head").SelectOptionAsync("1");
        AssertNear(made["g.attn1"].Map(0, 1, 22), (await Shown(page)).Map);
        await page.Locator("#images button").Nth(1).ClickAsync();
        (map, query) = await Shown(page);
        AssertNear(made["g.attn1"].Map(1, 1, query), map);

        // A click holds the point, another lets go.
        await page.Locator("#from").ClickAsync(new() { Position = await Place(5, 1) });
        await Over(0, 0);
        Assert.Equal(41, (await Shown(page)).Query);
        await page.Locator("#from").ClickAsync(new() { Position = await Place(5, 1) });
        await Over(0, 0);
        Assert.Equal(0, (await Shown(page)).Query);

        // The discriminator's, of a generated image, and a row of one head.
        await page.Locator("#layer").SelectOptionAsync("1");
        Assert.Equal(4, await page.Locator("#images button").CountAsync());
        Assert.Contains("real", await page.Locator("#images button").Nth(3).TextContentAsync(), StringComparison.Ordinal);
        (map, query) = await Shown(page);
        AssertNear(scored["d.attn1"].Map(1, 1, query), map);
        float[] row = scored["d.attn1"].Row(1, 0, 17);
        double[] own = await page.EvaluateAsync<double[]>("""
            () => { const l = page.data.layers[1]; return Array.from(page.attention.row(l, l.samples[1], 0, 17)); }
            """);
        Assert.Equal(row.Length, own.Length);
        for (int i = 0; i < row.Length; i++) Assert.Equal(row[i], own[i], 1e-6);

        async Task Over(int r, int c)
        {
            LocatorBoundingBoxResult box = (await page.Locator("#image").BoundingBoxAsync())!;
            await page.Mouse.MoveAsync(box.X + box.Width * (c + 0.5f) / 8, box.Y + box.Height * (r + 0.5f) / 8);
        }

        async Task<Position> Place(int r, int c)
        {
            LocatorBoundingBoxResult box = (await page.Locator("#image").BoundingBoxAsync())!;
            return new() { X = box.Width * (c + 0.5f) / 8, Y = box.Height * (r + 0.5f) / 8 };
        }
    }

    [Fact]
    public async Task The_keyboard_alone_suffices_and_the_gradients_of_a_marked_point_are_there()
    {
        await using OpenPage open = await browser.Open(file.Path);
        IPage page = open.Page;
        await Shown(page);
        await page.Locator("#from").FocusAsync();
        await page.Keyboard.PressAsync("2");
        int second = (await Shown(page)).Query;
        Assert.Equal(QueryPoints.MostDifferent(file.Run.Attention(2, 1)["g.attn1"], 0, 5)[1], second);
        Assert.True(await page.Locator("#gradients").IsVisibleAsync());
        Assert.Matches("%", await page.Locator("#attention-share").TextContentAsync() ?? "");
        await page.Keyboard.PressAsync("Home");
        for (int i = 0; i < 8; i++) await page.Keyboard.PressAsync("ArrowUp");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.Equal(9, (await Shown(page)).Query);
        Assert.Contains("g.attn1,0,mean,9", page.Url, StringComparison.Ordinal);
        // Opened again, the address shows the same.
        await using OpenPage again = await browser.Open(new Uri(file.Path).AbsoluteUri + "#d.attn1,1,0,12");
        Assert.Equal(12, (await Shown(again.Page)).Query);
        Assert.Equal("1", await again.Page.Locator("#layer").InputValueAsync());
    }

    [Theory]
    [InlineData(1280, false)]
    [InlineData(380, true)]
    public async Task It_is_read_by_everybody_and_a_name_stays_a_name(int width, bool dark)
    {
        await using OpenPage open = await browser.Open(file.Path, width, dark);
        await Shown(open.Page);
        Assert.Equal($"Where attention looks: {file.Name}", await open.Page.TitleAsync());
        Assert.Equal($"Where attention looks: {file.Name}", await open.Page.Locator("h1").TextContentAsync());
        await open.IsAccessible();
        await open.FitsItsWidth();
    }
}
