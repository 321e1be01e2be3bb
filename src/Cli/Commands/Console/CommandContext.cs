using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sagan.Native.Commands.Console;

/// <summary>What a verb works with: the streams, and whether results are wanted as JSON.</summary>
sealed record CommandContext(Terminal Terminal, bool Json)
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A result for people: written to stdout, except under --json, where stdout holds the JSON document alone.</summary>
    public void Result(string text)
    {
        if (!Json) Terminal.Result(text);
    }

    /// <summary>The result as the one JSON document of stdout, under --json.</summary>
    public void ResultJson(JsonNode document)
    {
        if (Json) Terminal.Document(document.ToJsonString(Indented));
    }
}
