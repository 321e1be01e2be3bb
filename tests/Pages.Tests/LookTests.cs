using Microsoft.Playwright;
using Sagan.Native.Inspection;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;
using Sagan.Native.Watching;

namespace Sagan.Native.Tests;

/// <summary>The map of a pixel of a sample, on the page of a run.</summary>
public sealed class LookTests(Browser browser, ExplainRunTests.Trained trained) : IClassFixture<ExplainRunTests.Trained>
{
    [Fact]
    public async Task A_click_on_a_sample_shows_what_that_pixel_reads()
    {
        using ViewServer server = new([trained.Run]);
        await using OpenPage open = await browser.Open(server.Address);
        IPage page = open.Page;
        ILocator why = page.Locator("#look-why"), where = page.Locator("#look-where"), grid = page.Locator("#pictures img").First;
        await Assertions.Expect(why).ToContainTextAsync("Click a sample above");
        // Eight images of 16 x 16 in a row, with 2 pixels around each: row 3, column 5 of the third's 8 x 8.
        LocatorBoundingBoxResult box = (await grid.BoundingBoxAsync())!;
        await grid.ClickAsync(new() { Position = new() { X = box.Width * (2 + 2 * 18 + 11) / 146, Y = box.Height * (2 + 7) / 20 } });
        await Assertions.Expect(why).ToHaveTextAsync("Sample 3 as the newest checkpoint makes it: all of this is of step 2.");
        await Assertions.Expect(where).ToContainTextAsync("Row 3, column 5 of 8 x 8 reads most, ");
        SaganRun run = SaganRun.Load(trained.Run);
        (AttentionPass pass, int sample) = run.GridAttention(2);
        await IsMap(pass["g.attn1"], sample, 3 * 8 + 5);

        await page.Locator("#look-from").PressAsync("ArrowRight");
        await Assertions.Expect(where).ToContainTextAsync("Row 3, column 6 of 8 x 8");
        await page.Locator("#look-layer").SelectOptionAsync("d.attn1");
        await Assertions.Expect(where).ToContainTextAsync("Row 1, column 3 of 4 x 4");
        await IsMap(run.Attention([pass.Images[sample]])["d.attn1"], 0, 1 * 4 + 3);
        await open.IsAccessible();

        await page.Locator("#look-sample").FillAsync("5");
        await page.Locator("#look-sample").PressAsync("Enter");
        await Assertions.Expect(why).ToContainTextAsync("Sample 5 as");
        await page.Locator("#look-sample").FillAsync("9");
        await page.Locator("#look-sample").PressAsync("Enter");
        await Assertions.Expect(why).ToHaveTextAsync("No map: A grid of the run has 8 samples.");
        await Assertions.Expect(page.Locator("#look-views")).ToBeHiddenAsync();

        async Task IsMap(CapturedAttention layer, int of, int query)
        {
            double[] map = await page.EvaluateAsync<double[]>("query => { const l = lookLayer(); "
                + "return Array.from(page.attention.map(l, page.attention.weights(l, l, null, query))); }", query);
            float[] expected = layer.Map(of, null, query);
            Assert.Equal(expected.Length, map.Length);
            for (int i = 0; i < map.Length; i++) Assert.Equal(expected[i], map[i], 1e-6);
        }
    }

    [Theory]
    [InlineData(380, true)]
    [InlineData(1280, false)]
    public async Task A_report_has_the_maps_in_it(int width, bool dark)
    {
        RunHistory history = RunHistory.Load(trained.Run);
        string file = trained.File("report.html");
        File.WriteAllText(file, Pages.Report.Html(history, RunDiagnosis.Of(history)));
        await using OpenPage open = await browser.Open(file, width, dark);
        await open.Page.Locator("#look-sample").FillAsync("8");
        await open.Page.Locator("#look-sample").PressAsync("Enter");
        await Assertions.Expect(open.Page.Locator("#look-why")).ToContainTextAsync("Sample 8 as");
        await open.FitsItsWidth();
        await open.IsAccessible();
    }

    [Fact]
    public async Task A_run_without_attention_says_so()
    {
        using ViewServer server = new([trained.Without]);
        await using OpenPage open = await browser.Open(server.Address);
        await open.Page.Locator("#look-sample").FillAsync("1");
        await open.Page.Locator("#look-sample").PressAsync("Enter");
        await Assertions.Expect(open.Page.Locator("#look-why")).ToHaveTextAsync(
            "No map: The networks of step 2 have no attention with maps.");
    }
}
