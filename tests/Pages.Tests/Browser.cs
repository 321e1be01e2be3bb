using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Sagan.Native.Tests;

/// <summary>
/// The browser of the machine (Debian: <c>chromium</c>; another by the variable <c>SAGAN_TEST_BROWSER</c>), started once for all tests.
/// Where there is none, tests are skipped and say so.
/// </summary>
public sealed class Browser : IAsyncLifetime
{
    static readonly string[] Known =
    [
        "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/microsoft-edge",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", @"C:\Program Files\Google\Chrome\Application\chrome.exe",
        @"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ];

    IPlaywright? playwright;
    IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        string? program = Environment.GetEnvironmentVariable("SAGAN_TEST_BROWSER") is { Length: > 0 } named ? named
            : Known.FirstOrDefault(File.Exists);
        if (program == null) return;
        playwright = await Playwright.CreateAsync();
        // Its sandbox needs rights that a container's root has not; it shows nothing but our own files.
        browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (browser != null) await browser.DisposeAsync();
        playwright?.Dispose();
    }

    /// <summary>A page shown, which fails the test if it asks for anything but itself or if its script fails.</summary>
    /// <param name="url">The file's path, or an address of this machine, whose requests to itself are its own.</param>
    /// <param name="width">Of the window, in CSS pixels.</param>
    /// <param name="dark">Whether the reader prefers dark.</param>
    internal async Task<OpenPage> Open(string url, int width = 1280, bool dark = false)
    {
        if (browser == null)
            Assert.Skip("no browser on this machine: apt-get install chromium (Debian), or name one in SAGAN_TEST_BROWSER.");
        IPage page = await browser!.NewPageAsync(new()
        {
            ViewportSize = new() { Width = width, Height = 900 },
            ColorScheme = dark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = ReducedMotion.Reduce,
        });
        OpenPage open = new(page);
        Uri address = new(url.Contains("://", StringComparison.Ordinal) ? url : new Uri(Path.GetFullPath(url)).AbsoluteUri);
        page.Request += (_, r) => open.Saw(r.Url, address);
        page.PageError += (_, message) => open.Failures.Add($"the script failed: {message}");
        page.Console += (_, m) =>
        {
            if (m.Type is "error" or "warning") open.Failures.Add($"the console says: {m.Text}");
        };
        await page.GotoAsync(address.AbsoluteUri);
        return open;
    }
}

/// <summary>A page in the browser. At its end it must have kept quiet.</summary>
sealed class OpenPage(IPage page) : IAsyncDisposable
{
    public IPage Page => page;

    /// <summary>What went wrong, as it happens.</summary>
    public ConcurrentBag<string> Failures { get; } = [];

    internal void Saw(string request, Uri address)
    {
        bool own = request.StartsWith("data:", StringComparison.Ordinal)
            || (address.IsFile ? request.Split('#')[0] == address.AbsoluteUri.Split('#')[0]
                : new Uri(request).Authority == address.Authority);
        if (!own) Failures.Add($"it asked for {request}");
    }

    /// <summary>Nobody is shut out by its contrast, names or roles (the rules of axe for WCAG 2.2 A and AA).</summary>
    public async Task IsAccessible()
    {
        AxeResult result = await page.RunAxe(new AxeRunOptions
        {
            RunOnly = new() { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
        });
        Assert.True(result.Violations.Length == 0,
            string.Join('\n', result.Violations.SelectMany(v => v.Nodes.Select(n => $"{v.Id}: {v.Help}: {n.Html}"))));
    }

    /// <summary>It is read without scrolling sideways.</summary>
    public async Task FitsItsWidth()
    {
        int over = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(over <= 0, $"the page is {over} pixels wider than its window.");
    }

    public async ValueTask DisposeAsync()
    {
        await page.CloseAsync();
        Assert.True(Failures.IsEmpty, string.Join('\n', Failures));
    }
}
