using System.Text.Json.Nodes;

namespace Sagan.Native.Configuration;

/// <summary>All values of a configuration as JSON, the origin of each by its path, and what the user should be warned of.</summary>
sealed record ConfigLayers(JsonObject Root, IReadOnlyDictionary<string, string> Origins, IReadOnlyList<string> Warnings);
