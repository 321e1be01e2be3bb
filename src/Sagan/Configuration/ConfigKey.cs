using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Sagan.Native.Configuration;

/// <summary>One value of a configuration: its path, such as <c>training.batch</c>, and its type.</summary>
sealed class ConfigKey
{
    readonly JsonTypeInfo json;
    readonly Type type;
    readonly bool nullable;

    public ConfigKey(string path, JsonTypeInfo json)
    {
        Path = path;
        this.json = json;
        nullable = Nullable.GetUnderlyingType(json.Type) != null;
        type = Nullable.GetUnderlyingType(json.Type) ?? json.Type;
    }

    public string Path { get; }

    /// <summary>True for a key that is true or false.</summary>
    public bool IsSwitch => type == typeof(bool);

    /// <summary>The words that it can be; empty where it is no choice among words.</summary>
    public IReadOnlyList<string> Choices => type.IsEnum ? [.. Enum.GetNames(type).Select(JsonNamingPolicy.KebabCaseLower.ConvertName)] : [];

    /// <summary>What a value of this key looks like, for errors.</summary>
    public string Expected => type switch
    {
        _ when type.IsEnum => "one of " + string.Join(", ", Choices),
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) => "a whole number of at most 2147483647",
        _ when type == typeof(ulong) => "a whole number of at least 0",
        _ when type == typeof(double) => "a number",
        _ when type == typeof(TimeSpan) => "a duration such as 90s, 30m, 2h, 1h30m or 01:30:00",
        _ when type == typeof(string) => "a text",
        _ => "a list of whole numbers such as 16,32",
    };

    /// <summary>Reads a value as it is typed on a command line or in an environment variable.</summary>
    public JsonNode? FromText(string text, string origin)
    {
        JsonNode? node = type switch
        {
            _ when nullable && text is "" or "none" or "null" => null,
            _ when type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) => JsonValue.Create(text),
            _ when type == typeof(bool) && bool.TryParse(text, out bool b) => JsonValue.Create(b),
            _ when type == typeof(int) && int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int i) =>
                JsonValue.Create(i),
            _ when type == typeof(ulong) && ulong.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out ulong u) =>
                JsonValue.Create(u),
            _ when type == typeof(double) && TryFinite(text, out double d) => JsonValue.Create(d),
            _ when type.IsPrimitive => throw Wrong(text, origin),
            _ => List(text, origin),
        };
        return Checked(node, origin);
    }

    static bool TryFinite(string text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    JsonArray List(string text, string origin)
    {
        string inner = text.Trim();
        if (inner.StartsWith('[') && inner.EndsWith(']')) inner = inner[1..^1];
        JsonArray list = [];
        if (inner is "" or "none") return list;
        foreach (string part in inner.Split(','))
        {
            // Not Add<T>, which reflects: a program may be trimmed.
            JsonNode number = int.TryParse(part, NumberStyles.Integer, CultureInfo.InvariantCulture, out int i) ? JsonValue.Create(i)
                : throw Wrong(text, origin);
            list.Add(number);
        }
        return list;
    }

    /// <summary>The value itself when it has this key's type; otherwise an error that says what it should be.</summary>
    public JsonNode? Checked(JsonNode? node, string origin)
    {
        if (node == null) return nullable ? null : throw Wrong("null", origin);
        try
        {
            return node.Deserialize(json) == null ? throw Wrong(node.ToJsonString(), origin) : node;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or NotSupportedException)
        {
            throw Wrong(node.ToJsonString(), origin, e);
        }
    }

    ConfigException Wrong(string value, string origin, Exception? inner = null)
    {
        if (value.Length > 60) value = value[..57] + "...";
        return new ConfigException($"{Path} = {value} (from {origin}): must be {Expected}.", inner);
    }
}
