using Microsoft.Playwright;
using Sagan.Native.Pages;

namespace Sagan.Native.Tests;

/// <summary>The page of <c>sagan explain attention</c>, once written, in the browser.</summary>
public sealed class ExplainPageTests(Browser browser, ExplainPageTests.Written written) : IClassFixture<ExplainPageTests.Written>
{
    public sealed class Written : IDisposable
    {
        readonly TemporaryFolder folder = new();

        public Written() => Path = folder.Write("explain.html", ExplainPage.Html());

        public string Path { get; }

        public void Dispose() => folder.Dispose();
    }

    Task<OpenPage> Open(string state = "", int width = 1280, bool dark = false) =>
        browser.Open(new Uri(written.Path).AbsoluteUri + state, width, dark);

    [Fact]
    public async Task Every_matrix_is_the_engines_to_the_second_order()
    {
        await using OpenPage open = await Open();
        for (int seed = 0; seed < 20; seed++)
        {
            var given = ExplainNumbers.Inputs(seed);
            var page = await ExplainNumbers.InBrowser(open, "{ second: true }", given);
            foreach ((string name, float[] expected) in ExplainNumbers.ByAutograd(given)) Near(name, expected, page[name], 1e-6);
            foreach ((string name, double[] expected) in ExplainNumbers.ByLoops(page)) Near(name, expected, page[name], 1e-14);
        }

        static void Near<T>(string name, T[] expected, double[][] page, double tolerance) where T : struct, IConvertible
        {
            double[] actual = [.. page.SelectMany(r => r)];
            Assert.Equal(expected.Length, actual.Length);
            for (int i = 0; i < actual.Length; i++)
                Assert.True(Math.Abs(expected[i].ToDouble(null) - actual[i]) <= tolerance,
                    $"{name}[{i}]: {actual[i]}, engine {expected[i]}");
        }
    }

    [Theory]
    [InlineData("x")]
    [InlineData("qkv")]
    public async Task Streaming_comes_to_what_plain_does(string from)
    {
        await using OpenPage open = await Open();
        for (int seed = 0; seed < 20; seed++)
        {
            var given = ExplainNumbers.Inputs(seed);
            given["scale"] = [[seed + 1]];
            var plain = await ExplainNumbers.InBrowser(open, $"{{ from: '{from}' }}", given);
            var streaming = await ExplainNumbers.InBrowser(open, $"{{ from: '{from}', mode: 'streaming' }}", given);
            string[] shared = [.. plain.Keys.Intersect(streaming.Keys)];
            Assert.Subset(shared.ToHashSet(), new HashSet<string>(["o", "y", "L", "g", "D", "dq", "dk", "dv", "dgamma", "dx"]));
            foreach (string name in shared)
                foreach ((double a, double b) in plain[name].SelectMany(r => r).Zip(streaming[name].SelectMany(r => r)))
                    Assert.Equal(a, b, 1e-12);
        }
    }

    [Theory]
    [InlineData("", "All 29 needles agree")]
    [InlineData("#from=qkv&scale=2", "All 41 needles agree")]
    [InlineData("#mode=streaming", "All 29 needles agree")]
    [InlineData("#second=1&needle=P", "All 29 needles agree")]
    [InlineData("#wrong=rowsum", "16 needles of 29")]
    [InlineData("#wrong=scale&scale=2", "16 needles of 29")]
    [InlineData("#wrong=scale", "No needles of 29 show it. At scale 1")]
    [InlineData("#wrong=transpose", "16 needles of 29")]
    public async Task Needles_agree_until_a_rule_is_broken(string state, string says)
    {
        await using OpenPage open = await Open(state);
        Assert.Contains(says, await open.Page.Locator("#notes").TextContentAsync(), StringComparison.Ordinal);
        int apart = says[0] == '1' ? 16 : 0;
        Assert.Equal(apart, await open.Page.Locator("input.apart").CountAsync());
        await open.Page.Locator("input[data-cell='x.0.0'], input[data-cell='q.0.0']").Last.FocusAsync();
        string sum = (await open.Page.Locator("#sum").TextContentAsync())!;
        Assert.Contains(apart > 0 ? "they disagree" : "they agree", sum, StringComparison.Ordinal);
    }

    [Fact]
    public async Task At_gamma_0_only_gamma_has_a_gradient()
    {
        await using OpenPage open = await Open();
        await open.Page.ClickAsync("#zero");
        foreach (string name in (string[])["g", "dv", "dA", "dE", "dq", "dk", "dWq", "dWk", "dWv"])
            foreach (string cell in await open.Page.Locator($"[data-cell^='{name}.']").AllTextContentsAsync())
                Assert.Equal("0.00", cell.TrimStart('−'));
        Assert.NotEqual("0.00", await open.Page.Locator("[data-cell='dgamma.0.0']").TextContentAsync());
        Assert.Contains("only gamma gets a gradient", await open.Page.Locator("#notes").TextContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pointing_at_a_cell_shows_its_sum_its_sources_and_the_line_of_the_engine()
    {
        await using OpenPage open = await Open();
        await open.Page.HoverAsync("[data-cell='dq.1.0']");
        Assert.Equal(8, await open.Page.Locator(".source").CountAsync());
        Assert.StartsWith("dq21 = scale × (dE21 × k11 + dE22 × k21 + dE23 × k31 + dE24 × k41)",
            await open.Page.Locator("#sum").TextContentAsync(), StringComparison.Ordinal);
        Assert.Contains("dq[i, c] += scale * dE[i, j] * k[j, c];", await open.Page.Locator("#code pre").TextContentAsync(),
            StringComparison.Ordinal);
        Assert.Contains("src/Kernels/Attention/ReferenceAttention.cs", await open.Page.Locator("#code .where").TextContentAsync(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_step_but_the_loss_has_its_line_as_it_stands_in_the_source()
    {
        await using OpenPage open = await Open();
        foreach ((string state, string last) in ((string, string)[])[("#second=1", "dx′"), ("#mode=streaming", "dq₂")])
        {
            await open.Page.EvaluateAsync("state => { location.hash = state; }", state);
            await open.Page.Locator($"[data-cell='{last}.0.0']").WaitForAsync();
            string[] shown = await open.Page.EvaluateAsync<string[]>("""
                () => [...document.querySelectorAll("div.cell[data-cell$='.0.0']")].map(c => {
                  c.focus();
                  const text = part => document.querySelector(`#code ${part}`)?.textContent;
                  return [c.dataset.cell, text(".where"), text("pre")].join("\n");
                })
                """);
            Assert.True(shown.Length >= 40, string.Join(' ', shown));
            foreach (string step in shown)
            {
                string[] part = step.Split('\n');
                if (part[0] is "L.0.0" || part[0].StartsWith("n.") || part[0].StartsWith("P.")) continue;
                string[] where = part[1].Split(", line ");
                Assert.True(where.Length == 2, $"{part[0]}: no line of the engine: {part[1]}");
                string[] source = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, where[0]));
                for (int i = 2; i < part.Length; i++)
                    Assert.Equal(source[int.Parse(where[1]) + i - 3].Trim(), part[i].Trim());
            }
        }
    }

    [Fact]
    public async Task The_keyboard_alone_reaches_and_changes_everything()
    {
        await using OpenPage open = await Open();
        IKeyboard keys = open.Page.Keyboard;
        Task<string> Where() => open.Page.EvaluateAsync<string>("() => document.activeElement.dataset.cell ?? document.activeElement.id");
        for (int i = 0; i < 30 && await Where() != "dE.1.2"; i++) await keys.PressAsync("Tab");
        Assert.Equal("dE.1.2", await Where());
        await keys.PressAsync("ArrowRight");
        await keys.PressAsync("ArrowRight");
        Assert.Equal("dA.1.0", await Where());
        await keys.PressAsync("ArrowUp");
        await keys.PressAsync("ArrowUp");
        Assert.Equal("A.3.0", await Where());
        await keys.PressAsync("Home");
        HashSet<string> seen = [];
        for (int i = 0; i < 26; i++)
        {
            await keys.PressAsync("PageDown");
            seen.Add((await Where()).Split('.')[0]);
        }
        Assert.Equal(26, seen.Count);
        while (await Where() != "x.0.0") await keys.PressAsync("PageDown");
        await keys.TypeAsync("2.5");
        await keys.PressAsync("Enter");
        Assert.Equal("x.1.0", await Where());
        Assert.Equal("2.50", await open.Page.Locator("[data-cell='q.0.0']").TextContentAsync());
        await keys.PressAsync("Alt+ArrowUp");
        Assert.Equal("0.6", await open.Page.InputValueAsync("[data-cell='x.1.0']"));
        await keys.TypeAsync("two");
        Assert.Equal("true", await open.Page.GetAttributeAsync("[data-cell='x.1.0']", "aria-invalid"));
        await keys.PressAsync("ArrowDown");
        Assert.Equal("0.6", await open.Page.InputValueAsync("[data-cell='x.1.0']"));
        await open.Page.FocusAsync("#first");
        await keys.PressAsync("Enter");
        await open.Page.FocusAsync("#next");
        for (int i = 0; i < 4; i++) await keys.PressAsync("Enter");
        Assert.Equal("step 4 of 20: E = scale q kᵀ", await open.Page.Locator("#progress").TextContentAsync());
        Assert.Equal("·", await open.Page.Locator("[data-cell='A.0.0']").TextContentAsync());
    }

    [Fact]
    public async Task The_address_holds_the_state()
    {
        await using OpenPage open = await Open();
        await open.Page.ClickAsync("[data-from='qkv']");
        await open.Page.FillAsync("[data-cell='q.0.1']", "-1.5");
        await open.Page.FillAsync("[data-cell='gamma.0.0']", "0.25");
        await open.Page.SelectOptionAsync("#wrong", "transpose");
        await open.Page.FillAsync("#scale", "0.5");
        await open.Page.ClickAsync("#back");
        await open.Page.ClickAsync("#back");
        await using OpenPage again = await browser.Open(open.Page.Url);
        Assert.Equal(await Shown(open), await Shown(again));
        Assert.Contains("q=1,-1.5,", again.Page.Url, StringComparison.Ordinal);

        // Nonsense is passed over.
        await using OpenPage odd = await Open("#x=1,2&Wq=a,b,c,d&mode=<b>&at=-3&cell=nothing.1.2&scale=1e999");
        Assert.Equal(20, await odd.Page.Locator("#sheet .matrix:not(.edited)").CountAsync());

        static Task<string> Shown(OpenPage p) => p.Page.EvaluateAsync<string>("""
            () => [...document.querySelectorAll("#sheet .cell")].map(c => c.value ?? c.textContent).join()
              + document.getElementById("now").innerText + document.getElementById("progress").textContent
              + document.getElementById("notes").innerText + document.getElementById("scale-number").textContent
            """);
    }

    [Theory]
    [InlineData(380, true, "#mode=streaming")]
    [InlineData(1280, false, "#wrong=rowsum&cell=x.0.0")]
    public async Task It_is_read_by_all(int width, bool dark, string state)
    {
        await using OpenPage open = await Open(state, width, dark);
        await open.IsAccessible();
    }

    [Theory]
    [InlineData("")]
    [InlineData("#mode=streaming")]
    [InlineData("#second=1&cell=dE′.0.1")]
    public async Task It_fits_from_a_phone_to_a_projector(string state)
    {
        await using OpenPage open = await Open(state);
        foreach (int width in (int[])[380, 768, 1024, 1280, 1920])
        {
            await open.Page.SetViewportSizeAsync(width, 900);
            await open.FitsItsWidth();
        }
    }

    [Fact]
    public async Task It_prints_without_its_buttons()
    {
        await using OpenPage open = await Open("", 800);
        await open.Page.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.False(await open.Page.Locator("#controls").IsVisibleAsync());
        await open.FitsItsWidth();
    }
}
