using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Sagan.Native.Pages;

/// <summary>
/// A page in one HTML file: its markup, style and script lie beside this file as <c>name.html</c>, <c>name.css</c> and <c>name.js</c> and
/// are embedded in the assembly; its numbers are JSON that the script reads with <c>page.data</c>. The file loads nothing from anywhere,
/// and its content security policy sees to it: no request of any kind, and no script but the one whose hash it names. So nothing that a
/// run, a file name or a configuration says can become code; scripts write it as text (<c>page.el</c>).
/// </summary>
static class Page
{
    /// <summary>The file, as text.</summary>
    /// <param name="name">Which page: the name of its three files.</param>
    /// <param name="title">Title in the browser's tab; any text.</param>
    /// <param name="data">What the script shows.</param>
    /// <param name="connect">The page may ask the server that it came from, as a live view does.</param>
    /// <param name="shared">A script that several pages have, before its own; null for none.</param>
    public static string Html(string name, string title, JsonNode data, bool connect = false, string? shared = null) =>
        Html(title, Asset($"{name}.html"), Asset($"{name}.css"), (shared == null ? "" : Asset(shared)) + Asset($"{name}.js"), data,
            connect);

    internal static string Html(string title, string markup, string ownStyle, string ownScript, JsonNode data, bool connect)
    {
        string script = Asset("page.js") + ownScript;
        string policy = $"default-src 'none'; img-src data:{(connect ? " 'self'" : "")}; style-src 'unsafe-inline'; "
            + $"script-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'; "
            + $"{(connect ? "connect-src 'self'; " : "")}base-uri 'none'; form-action 'none'";
        // The default encoder of JSON writes < and & as escapes, so that no text ends the element.
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{policy}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>{WebUtility.HtmlEncode(title)}</title>
            <link rel="icon" href="data:,">
            <style>
            {Asset("page.css")}{ownStyle}</style>
            </head>
            <body>
            {markup}<script type="application/json" id="data">{data.ToJsonString()}</script>
            <script>{script}</script>
            </body>
            </html>

            """;
    }

    /// <summary>An embedded file, as text, with a line feed at the end of each line.</summary>
    internal static string Asset(string name)
    {
        using Stream stream = typeof(Page).Assembly.GetManifestResourceStream($"Sagan.Native.Pages.{name}")
            ?? throw new ArgumentException($"{name} is no embedded file of a page; it lies in src/Cli/Pages.", nameof(name));
        using StreamReader reader = new(stream);
        // A hash is of the bytes that a browser sees, and HTML makes every end of line a line feed.
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
