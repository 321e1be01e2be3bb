using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Sagan.Native.Data.Images;
using Sagan.Native.Interchange;

namespace Sagan.Native.Training.Logging;

/// <summary>
/// Writes an event file that TensorBoard shows: scalars, histograms, images and text by step. Records follow one another:
/// <code>u64 length | u32 masked CRC of the length | event, a protocol buffer | u32 masked CRC of the event</code>
/// What is written may wait in memory until <see cref="Flush"/>. One thread at a time.
/// Source: TensorFlow, event.proto, summary.proto and record_writer.
/// </summary>
public sealed class EventFile : IDisposable
{
    // Fields of Event, Summary.Value and below.
    const int WallTime = 1, StepField = 2, FileVersion = 3, Summary = 5, SessionLog = 7;
    const int Value = 1, TagField = 1, SimpleValue = 2, ImageField = 4, Histo = 5, TensorField = 8, Metadata = 9;
    const int SessionStart = 1, StringType = 7, TensorClass = 2;

    readonly FileStream file;
    readonly TimeProvider time;

    /// <summary>Begins a new file in a folder, which is made where it is missing; the files of earlier sessions stay.</summary>
    /// <param name="folder">The folder that TensorBoard is pointed to.</param>
    /// <param name="time">Dates the events.</param>
    /// <param name="firstStep">Where a run goes on: TensorBoard then forgets what earlier files have of this step and later ones.</param>
    public EventFile(string folder, TimeProvider time, long? firstStep = null)
    {
        this.time = time;
        Directory.CreateDirectory(folder);
        file = Create(folder, time.GetUtcNow().ToUnixTimeSeconds());
        Write(null, e => e.Text(FileVersion, "brain.Event:2"));
        if (firstStep is { } step) Write(step, e => e.Message(SessionLog, s => s.Integer(1, SessionStart)));
        Flush();
    }

    /// <summary>The file.</summary>
    public string Path => file.Name;

    /// <summary>A number; NaN and infinity too.</summary>
    public void Scalar(string tag, double value, long step) => WriteValue(tag, step, v => v.Float(SimpleValue, (float)value));

    /// <summary>
    /// The distribution of some values. Those that are not finite have no place in it: they are counted in a scalar, tag/not_finite, where
    /// there are any.
    /// </summary>
    public void Histogram(string tag, ReadOnlySpan<float> values, long step)
    {
        HistogramSummary h = HistogramSummary.Of(values);
        if (h.NotFinite > 0) Scalar(tag + "/not_finite", h.NotFinite, step);
        if (h.Count == 0) return;
        WriteValue(tag, step, v => v.Message(Histo, m =>
        {
            m.Double(1, h.Min);
            m.Double(2, h.Max);
            m.Double(3, h.Count);
            m.Double(4, h.Sum);
            m.Double(5, h.SumOfSquares);
            m.Doubles(6, h.Limits);
            m.Doubles(7, h.Buckets);
        }));
    }

    /// <summary>A picture, as a PNG file.</summary>
    public void Image(string tag, byte[] png, long step)
    {
        ArgumentNullException.ThrowIfNull(png);
        if (png.Length < 26 || !png.AsSpan().StartsWith(PngFile.Signature))
            throw new ArgumentException($"image '{tag}': is no PNG file.", nameof(png));
        int width = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), height = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20));
        // Grey, grey with alpha, RGB (also by a palette), RGBA.
        int colours = png[25] switch { 0 => 1, 4 => 2, 6 => 4, _ => 3 };
        WriteValue(tag, step, v => v.Message(ImageField, m =>
        {
            m.Integer(1, height);
            m.Integer(2, width);
            m.Integer(3, colours);
            m.Bytes(4, png);
        }));
    }

    /// <summary>Text, shown as Markdown.</summary>
    public void Text(string tag, string text, long step = 0) => WriteValue(tag, step, v =>
    {
        v.Message(TensorField, t =>
        {
            t.Integer(1, StringType);
            t.Message(2, shape => shape.Message(2, dim => dim.Integer(1, 1)));
            t.Text(8, text);
        });
        v.Message(Metadata, m =>
        {
            m.Message(1, plugin => plugin.Text(1, "text"));
            m.Integer(4, TensorClass);
        });
    });

    /// <summary>Hands everything to the system, so that TensorBoard sees it.</summary>
    public void Flush() => file.Flush();

    /// <summary>Flushes and closes the file.</summary>
    public void Dispose() => file.Dispose();

    void WriteValue(string tag, long step, Action<ProtobufWriter> value) => Write(step, e => e.Message(Summary, s => s.Message(Value, v =>
    {
        v.Text(TagField, tag);
        value(v);
    })));

    void Write(long? step, Action<ProtobufWriter> what)
    {
        ProtobufWriter e = new();
        e.Double(WallTime, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds);
        if (step is { } s and not 0) e.Integer(StepField, s);
        what(e);
        Span<byte> length = stackalloc byte[8], crc = stackalloc byte[4];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)e.Written.Length);
        file.Write(length);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, MaskedCrc(length));
        file.Write(crc);
        file.Write(e.Written);
        BinaryPrimitives.WriteUInt32LittleEndian(crc, MaskedCrc(e.Written));
        file.Write(crc);
    }

    // CRC-32C, rotated and moved, since a CRC of data that holds its own CRC is a poor one.
    static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= 8; data = data[8..]) crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return unchecked(BitOperations.RotateRight(~crc, 15) + 0xA282EAD8);
    }

    // Other files of the same second, of this process or another run of the same number, are left alone.
    static FileStream Create(string folder, long seconds)
    {
        for (int n = 0; ; n++)
        {
            string process = $"{Environment.MachineName}.{Environment.ProcessId}";
            string name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:D10}.{process}.{n}");
            string path = System.IO.Path.Combine(folder, name);
            try
            {
                return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16);
            }
            catch (IOException) when (File.Exists(path))
            {
            }
        }
    }
}
