using System.Text.Json;

namespace Sagan.Native.Training.Logging;

/// <summary>
/// Reads <c>metrics.jsonl</c> while it is written: each call what has come since the last one. A line that is not whole yet waits; one that
/// is damaged is passed over and counted. Locks nothing.
/// </summary>
sealed class MetricsReader(string path)
{
    const int BlockBytes = 1 << 20, MostLineBytes = 1 << 20;

    long position, lines;
    byte[] lastLine = [];

    /// <summary>Lines that could not be read.</summary>
    public int Damaged { get; private set; }

    /// <summary>The number of the first of them, from 1.</summary>
    public long FirstDamaged { get; private set; }

    /// <summary>Whether the file ends within a line.</summary>
    public bool IsCutOff { get; private set; }

    /// <summary>
    /// Reads on. Where what was read before is no longer there, because the file was cut off and written anew, it is read from the
    /// beginning.
    /// </summary>
    /// <param name="anew">Called before that.</param>
    /// <param name="row">Gets each line; the list is used again for the next.</param>
    /// <exception cref="IOException">The file is not there, or cannot be read.</exception>
    public void Read(Action anew, Action<long, List<(string Name, double Value)>> row)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        if (!GoesOn(file))
        {
            (position, lines, lastLine, Damaged, FirstDamaged) = (0, 0, [], 0, 0);
            anew();
        }
        file.Position = position;
        byte[] block = new byte[(int)Math.Min(BlockBytes, Math.Max(1, file.Length - position))];
        int kept = 0;
        bool skipping = false;
        List<(string, double)> values = [];
        while (file.Read(block, kept, block.Length - kept) is > 0 and int read)
        {
            int have = kept + read, start = 0;
            while (block.AsSpan(start, have - start).IndexOf((byte)'\n') is >= 0 and int length)
            {
                Line(block.AsSpan(start, length), skipping);
                (position, start, skipping) = (position + length + 1, start + length + 1, false);
            }
            kept = have - start;
            block.AsSpan(start, kept).CopyTo(block);
            if (kept < block.Length) continue;
            if (kept < MostLineBytes) Array.Resize(ref block, 2 * kept);
            else
            {
                // No line of ours is so long.
                (position, kept, skipping) = (position + kept, 0, true);
            }
        }
        IsCutOff = kept > 0;

        void Line(ReadOnlySpan<byte> text, bool isRest)
        {
            lines++;
            lastLine = text.ToArray();
            if (!isRest && Parse(text, values) is { } step)
            {
                row(step, values);
                return;
            }
            if (Damaged++ == 0) FirstDamaged = lines;
        }
    }

    // The line before the position is still what it was.
    bool GoesOn(FileStream file)
    {
        if (file.Length < position) return false;
        if (lastLine.Length == 0) return true;
        file.Position = position - lastLine.Length - 1;
        byte[] now = new byte[lastLine.Length];
        return file.ReadAtLeast(now, now.Length, throwOnEndOfStream: false) == now.Length && now.AsSpan().SequenceEqual(lastLine);
    }

    static long? Parse(ReadOnlySpan<byte> text, List<(string, double)> values)
    {
        values.Clear();
        try
        {
            Utf8JsonReader json = new(text);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return null;
            long? step = null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                string name = json.GetString()!;
                json.Read();
                if (name == "step") step = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long s) && s >= 0 ? s : null;
                else if (json.TokenType == JsonTokenType.Number) values.Add((name, json.GetDouble()));
                else if (json.TokenType != JsonTokenType.String) json.Skip();
                else if (NotFinite(json.GetString()!) is { } value) values.Add((name, value));
            }
            return json.TokenType == JsonTokenType.EndObject ? step : null;
        }
        // InvalidOperationException: a string in it is no valid Unicode. FormatException: a number beyond double.
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    static double? NotFinite(string text) => text switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => null,
    };
}
