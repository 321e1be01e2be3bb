using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Sagan.Native.Configuration;

/// <summary>Durations as <c>90s</c>, <c>30m</c>, <c>2h</c>, <c>1h30m</c> or <c>01:30:00</c>.</summary>
sealed partial class DurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && TryParse(reader.GetString()!, out TimeSpan t) ? t
            : throw new JsonException("not a duration");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString("c", CultureInfo.InvariantCulture));

    public static bool TryParse(string text, out TimeSpan duration)
    {
        if (text.Contains(':')) return TimeSpan.TryParseExact(text, ["c", @"h\:mm\:ss"], CultureInfo.InvariantCulture, out duration);
        Match m = Words().Match(text);
        duration = default;
        if (!m.Success || text.Length == 0) return false;
        duration = new TimeSpan(Part(m, "d"), Part(m, "h"), Part(m, "m"), Part(m, "s"));
        return true;

        static int Part(Match m, string name) =>
            m.Groups[name].Success ? int.Parse(m.Groups[name].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"^(?:(?<d>\d{1,4})d)?(?:(?<h>\d{1,5})h)?(?:(?<m>\d{1,6})m)?(?:(?<s>\d{1,7})s)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Words();
}
