using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Sagan.Native.Pages;
using Sagan.Native.Training;
using Sagan.Native.Training.Diagnosis;
using Sagan.Native.Watching;

namespace Sagan.Native.Tests;

/// <summary>The page of a run, as a report and as a live view.</summary>
public sealed class RunPageTests(Browser browser) : IDisposable
{
    const string Hostile = "<img src=x onerror=\"document.title='taken'\">&amp;`'<!--";

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Run(string name = "run", Dictionary<string, Func<int, double>>? curves = null)
    {
        string run = SyntheticRun.Write(folder, name, 600, curves);
        SyntheticRun.Samples(run, "real", 20);
        foreach (int step in (int[])[200, 400, 600]) SyntheticRun.Samples(run, $"step-{step:D7}", 10 + step / 100);
        return run;
    }

    string Report(string run)
    {
        RunHistory history = RunHistory.Load(run);
        return folder.Write("report.html", Pages.Report.Html(history, RunDiagnosis.Of(history)));
    }

    static readonly Dictionary<string, Func<int, double>> Won = new()
    {
        ["d_loss"] = s => s < 300 ? 1 : 0,
        ["proxy_fid"] = s => 40 - s / 30.0,
    };

    [Theory]
    [InlineData(1280, false)]
    [InlineData(380, true)]
    public async Task A_report_is_read_by_everybody_at_any_width(int width, bool dark)
    {
        await using OpenPage open = await browser.Open(Report(Run(curves: Won)), width, dark);
        await open.FitsItsWidth();
        // With what is folded in.
        await open.Page.EvaluateAsync("() => document.querySelectorAll('details').forEach(d => d.open = true)");
        await Assertions.Expect(open.Page.Locator("figure table").First).ToBeVisibleAsync();
        await open.IsAccessible();
        await open.FitsItsWidth();
    }

    [Fact]
    public async Task A_report_shows_curves_samples_sessions_and_what_they_say()
    {
        await using OpenPage open = await browser.Open(Report(Run(curves: Won)));
        IPage page = open.Page;
        Assert.Equal("run", await page.TitleAsync());
        Assert.Equal("step 600 of 600: finished", await page.Locator("#status").TextContentAsync());
        string said = (await page.Locator("#diagnosis").TextContentAsync())!;
        Assert.Contains("✗ The discriminator has won since step 300", said, StringComparison.Ordinal);
        Assert.Contains("--d-lr", said, StringComparison.Ordinal);
        Assert.Contains("2026-11-30T12:01:00Z warning: something", said, StringComparison.Ordinal);
        Assert.Contains("✓ The run is still improving", said, StringComparison.Ordinal);
        Assert.Equal(["Losses", "Scores of the discriminator", "Gamma of attention", "Proxy-FID", "Images per second",
            "Waiting for images, ms a step", "Singular values"], await page.Locator("figcaption").AllTextContentsAsync() is var all
            ? [.. all.Where(t => !t.StartsWith("Step", StringComparison.Ordinal) && t != "Real images")] : []);
        ILocator losses = page.Locator(".figure").First;
        Assert.Equal(2, await losses.Locator("path.curve").CountAsync());
        Assert.Equal(1, await losses.Locator("rect.band").CountAsync());
        Assert.DoesNotContain("NaN", await page.Locator("#figures").InnerHTMLAsync(), StringComparison.Ordinal);

        // The slider goes through time, by keyboard too.
        ILocator time = page.Locator("#time"), image = page.Locator("#pictures img").First;
        Assert.Equal("Samples of run at step 600", await image.GetAttributeAsync("alt"));
        await time.PressAsync("ArrowLeft");
        Assert.Equal("Samples of run at step 400", await image.GetAttributeAsync("alt"));
        Assert.Equal("step 400", await time.GetAttributeAsync("aria-valuetext"));
        Assert.True(await image.EvaluateAsync<bool>("i => i.decode().then(() => i.naturalWidth > 0)"));

        // A figure is read by keyboard, and all point to the same step.
        await losses.Locator("svg[role=img]").PressAsync("Home");
        Assert.Contains("step 10: d_loss 1.000", await losses.Locator("svg[role=img]").GetAttributeAsync("aria-label"),
            StringComparison.Ordinal);
        Assert.Equal(7, await page.Locator("line.cursor[visibility=visible]").CountAsync());
        Assert.Contains("d_loss1.000", await losses.Locator(".legend").TextContentAsync(), StringComparison.Ordinal);
        await losses.Locator(".legend button").First.ClickAsync();
        Assert.Equal(1, await losses.Locator("path.curve").CountAsync());
        await page.Locator("#smooth").FillAsync("0.9");
        Assert.Equal(1, await losses.Locator("path.raw").CountAsync());

        await page.Locator("#filter").FillAsync("training.steps");
        Assert.Equal("training.steps600--steps", await page.Locator("#config tbody").TextContentAsync());
        await Assertions.Expect(page.Locator("#sessions")).ToContainTextAsync("Session 1: steps 0 to 600, finished");
    }

    [Fact]
    public async Task What_a_run_says_stays_text()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a folder has no such name there.");
        string run = Run(Hostile.Replace("/", "", StringComparison.Ordinal), new() { [Hostile] = s => s });
        foreach (string file in (string[])["config.resolved.json", "run.json"])
        {
            string path = Path.Combine(run, file), text = File.ReadAllText(path);
            string hostile = new JsonArray(Hostile + "</script><script>document.title='taken'</script>").ToJsonString()[1..^1];
            text = text.Replace("\"creatures\"", hostile, StringComparison.Ordinal).Replace("\"train\"", hostile, StringComparison.Ordinal);
            File.WriteAllText(path, text);
        }
        File.WriteAllText(Path.Combine(run, "config.json"), "{\"" + Hostile.Replace("\"", "", StringComparison.Ordinal) + "\":1}");
        await using OpenPage open = await browser.Open(Report(run));
        Assert.Equal(Hostile, await open.Page.TitleAsync());
        Assert.Equal(Hostile, await open.Page.Locator("h1").TextContentAsync());
        Assert.Contains(Hostile, await open.Page.Locator("#figures").TextContentAsync(), StringComparison.Ordinal);
        Assert.Contains("</script><script>", await open.Page.Locator("#config").TextContentAsync(), StringComparison.Ordinal);
        Assert.Contains("</script><script>", await open.Page.Locator("#sessions").TextContentAsync(), StringComparison.Ordinal);
        Assert.Equal(4, await open.Page.Locator("img").CountAsync() + 2);
        await open.FitsItsWidth();
    }

    [Fact]
    public async Task A_damaged_run_has_a_report_that_says_what_is_missing()
    {
        string run = Run(curves: new() { ["d_loss"] = s => s > 300 ? double.NaN : 1 });
        File.WriteAllText(Path.Combine(run, "config.json"), "{");
        File.WriteAllText(Path.Combine(run, "samples/step-0000400.png"), "half");
        File.AppendAllText(Path.Combine(run, "metrics.jsonl"), "{\"step\":6");
        File.Delete(Path.Combine(run, "run.json"));
        await using OpenPage open = await browser.Open(Report(run), width: 380);
        string[] missing = [.. await open.Page.Locator("#missing li").AllTextContentsAsync()];
        Assert.Equal(["config.json", "run.json", "metrics.jsonl", "samples"], missing.Select(m => m.Split(':')[0]));
        await Assertions.Expect(open.Page.Locator("#status")).ToContainTextAsync("nothing is known of its sessions");
        Assert.Contains("Training has diverged at step 310", await open.Page.Locator("#diagnosis").TextContentAsync(),
            StringComparison.Ordinal);
        Assert.Equal(1, await open.Page.Locator("path.odd").CountAsync());
        await open.IsAccessible();
        await open.FitsItsWidth();

        // Of nothing but one line.
        string bare = folder.File("bare");
        folder.Write("bare/metrics.jsonl", "{\"step\":1,\"d_loss\":2}\n");
        await using OpenPage nearly = await browser.Open(Report(bare));
        Assert.Equal(1, await nearly.Page.Locator("path.curve").CountAsync());
    }

    [Fact]
    public async Task A_live_view_shows_several_runs_and_what_is_new()
    {
        string a = Run("a"), b = Run("b", Won);
        using ViewServer server = new([a, b], interval: TimeSpan.FromMilliseconds(50));
        using Line line = new(server.Port);
        OpenPage open = await browser.Open(server.Address.Replace($":{server.Port}/", $":{line.Port}/", StringComparison.Ordinal));
        IPage page = open.Page;
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("live · a: step 600 of 600: finished · b: ");
        ILocator losses = page.Locator(".figure").First;
        await Assertions.Expect(losses.Locator("path.curve")).ToHaveCountAsync(4);
        Assert.Equal("a, b", await page.TitleAsync());
        await open.IsAccessible();
        await page.Locator("#different").CheckAsync();
        await Assertions.Expect(page.Locator("#config")).ToContainTextAsync("No such key.");
        await page.Locator("#different").UncheckAsync();

        // What is new, without a reload.
        Append(a, 700);
        SyntheticRun.Samples(a, "step-0000700", 10);
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("a: step 700 of 600");
        await Assertions.Expect(page.Locator("#pictures img").First).ToHaveAttributeAsync("alt", "Samples of a at step 700");
        Assert.True(await page.Locator("#pictures img").First.EvaluateAsync<bool>("i => i.decode().then(() => i.naturalWidth > 0)"));
        await losses.Locator("svg[role=img]").PressAsync("End");
        await Assertions.Expect(losses.Locator(".legend")).ToContainTextAsync("a: d_loss0.123");

        // One of them alone.
        await page.Locator("#runs button").Nth(1).ClickAsync();
        await Assertions.Expect(losses.Locator("path.curve")).ToHaveCountAsync(2);
        await Assertions.Expect(page.Locator("#diagnosis")).Not.ToContainTextAsync("has won");
        await page.Locator("#runs button").Nth(1).ClickAsync();

        // The line breaks, and the page comes back by itself with what it missed.
        Assert.Empty(open.Failures);
        line.Cut();
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("not connected");
        Append(a, 800);
        line.Mend();
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("live · a: step 800", new() { Timeout = 15_000 });

        // The command ends.
        server.Dispose();
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("ended: this is how it was then");
        await page.CloseAsync();
    }

    /// <summary>A line between browser and server, which can be cut.</summary>
    sealed class Line : IDisposable
    {
        readonly TcpListener listener = new(IPAddress.Loopback, 0);
        readonly ConcurrentBag<TcpClient> ends = [];
        readonly int server;
        volatile bool isCut;

        public Line(int server)
        {
            this.server = server;
            listener.Start();
            _ = Accept();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        public void Cut()
        {
            isCut = true;
            foreach (TcpClient c in ends) c.Dispose();
        }

        public void Mend() => isCut = false;

        public void Dispose()
        {
            Cut();
            listener.Dispose();
        }

        async Task Accept()
        {
            while (await listener.AcceptTcpClientAsync() is { } near)
            {
                TcpClient far = new();
                ends.Add(near);
                ends.Add(far);
                if (isCut) near.Dispose();
                else
                {
                    await far.ConnectAsync(IPAddress.Loopback, server);
                    // The server wants to be called by its own name.
                    _ = Pass(near, far, b => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(b)
                        .Replace($"Host: 127.0.0.1:{Port}", $"Host: 127.0.0.1:{server}", StringComparison.Ordinal)));
                    _ = Pass(far, near, b => b);
                }
            }
        }

        static async Task Pass(TcpClient from, TcpClient to, Func<byte[], byte[]> change)
        {
            byte[] buffer = new byte[1 << 16];
            try
            {
                while (await from.GetStream().ReadAsync(buffer) is > 0 and int n)
                    await to.GetStream().WriteAsync(change(buffer[..n]));
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
            {
            }
            to.Dispose();
        }
    }

    static void Append(string run, int step) => File.AppendAllText(Path.Combine(run, "metrics.jsonl"),
        string.Create(CultureInfo.InvariantCulture, $"{{\"step\":{step},\"d_loss\":0.123,\"g_loss\":1}}\n"));
}
