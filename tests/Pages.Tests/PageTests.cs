using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Sagan.Native.Pages;

namespace Sagan.Native.Tests;

/// <summary>What holds for every page.</summary>
public sealed class PageTests(Browser browser)
{
    const string Hostile = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\"><!--&amp;";

    [Fact]
    public async Task Text_is_text_whatever_it_says()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.html", Page.Html(Hostile, "<main><h1 id=\"name\"></h1></main>\n", "",
            "document.getElementById('name').append(page.el('b', {}, page.data.name));\n", new JsonObject { ["name"] = Hostile },
            connect: false));
        await using OpenPage open = await browser.Open(file);
        Assert.Equal(Hostile, await open.Page.TitleAsync());
        Assert.Equal(Hostile, await open.Page.Locator("#name b").TextContentAsync());
        await open.IsAccessible();
    }

    [Theory]
    [InlineData("<img src=\"https://example.invalid/a.png\" alt=\"a\">")]
    [InlineData("<iframe title=\"a\" src=\"https://example.invalid/\"></iframe>")]
    [InlineData("<script>document.title='taken'</script>")]
    [InlineData("<b onclick=\"document.title='taken'\" id=\"b\">b</b>")]
    public async Task What_a_page_would_load_or_run_beside_its_own_script_is_refused(string markup)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.html", Page.Html("title", $"<main>{markup}</main>\n", "", "", new JsonObject(), connect: false));
        OpenPage open = await browser.Open(file);
        if (await open.Page.Locator("#b").CountAsync() > 0) await open.Page.Locator("#b").ClickAsync();
        Assert.Equal("title", await open.Page.TitleAsync());
        for (int i = 0; i < 100 && open.Failures.IsEmpty; i++) await Task.Delay(20);
        Assert.Contains(open.Failures, f => f.Contains("Content Security Policy", StringComparison.Ordinal));
        await open.Page.CloseAsync();
    }

    [Theory]
    [InlineData(0, "0.000")]
    [InlineData(-0.5, "−0.500")]
    [InlineData(123456, "1.23e+5")]
    [InlineData(-0.00012, "−1.20e−4")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.NegativeInfinity, "−∞")]
    public async Task A_number_has_few_digits(double x, string text)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.html", Page.Html("title", "<main></main>\n", "", "window.numberOf = x => page.number(x);\n",
            new JsonObject(), connect: false));
        await using OpenPage open = await browser.Open(file);
        Assert.Equal(text, await open.Page.EvaluateAsync<string>("x => numberOf(x)", x));
    }
}
