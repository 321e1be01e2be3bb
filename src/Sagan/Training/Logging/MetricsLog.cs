using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sagan.Native.Training.Logging;

/// <summary>
/// <c>metrics.jsonl</c>: one JSON object for each logged step, in order, appended. Each line reaches the system when it is written.
/// </summary>
sealed class MetricsLog : IDisposable
{
    readonly FileStream file;
    readonly ArrayBufferWriter<byte> line = new();

    readonly TimeProvider time;

    MetricsLog(FileStream file, TimeProvider time) => (this.file, this.time) = (file, time);

    /// <summary>False once the file was deleted: what is written then goes nowhere.</summary>
    public bool IsThere => File.Exists(file.Name);

    /// <summary>
    /// Opens or makes the file, and cuts off what comes after a step (and a last line that a crash tore): a resumed run writes it again.
    /// </summary>
    public static MetricsLog Open(string path, long lastStep, TimeProvider? time = null)
    {
        FileStream file = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        file.SetLength(LengthUpTo(file, lastStep));
        file.Position = file.Length;
        return new MetricsLog(file, time ?? TimeProvider.System);
    }

    /// <summary>
    /// Appends a line, with the time in UTC. Values that are not finite are written as "NaN", "Infinity" or "-Infinity", which JSON has no
    /// numbers for.
    /// </summary>
    public void Append(long step, params ReadOnlySpan<(string Name, double Value)> values)
    {
        line.Clear();
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            json.WriteNumber("step", step);
            json.WriteString("time", time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            foreach ((string name, double value) in values)
                if (double.IsFinite(value)) json.WriteNumber(name, value);
                else json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
            json.WriteEndObject();
        }
        line.Write("\n"u8);
        file.Write(line.WrittenSpan);
        file.Flush();
    }

    public void Dispose() => file.Dispose();

    static long LengthUpTo(FileStream file, long lastStep)
    {
        byte[] all = new byte[file.Length];
        file.ReadExactly(all);
        int length = 0;
        while (all.AsSpan(length).IndexOf((byte)'\n') is >= 0 and int end)
        {
            if (StepOf(all.AsSpan(length, end)) is not { } step || step > lastStep) break;
            length += end + 1;
        }
        return length;
    }

    static long? StepOf(ReadOnlySpan<byte> text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject o && o["step"] is JsonValue v && v.TryGetValue(out long step) ? step : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
