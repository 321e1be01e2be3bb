using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Sagan.Native.IO;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its key in the header.</param>
/// <param name="Dtype">Its element type.</param>
/// <param name="Shape">Its sizes, outermost first; empty for a scalar.</param>
/// <param name="Begin">The first byte, counted from the end of the header.</param>
/// <param name="End">The byte after the last, counted from the end of the header.</param>
public sealed record SafetensorsEntry(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape, long Begin, long End)
    : TensorEntry(Name, Dtype, Shape);

/// <summary>
/// Parses and checks the header of a safetensors file: UTF-8, JSON of the one form allowed, offsets without hole or overlap, sizes that
/// agree. Every length is taken as hostile: what is allocated is proportional to the header that was really read.
/// </summary>
sealed class SafetensorsHeader
{
    /// <summary>The limit of the reference implementation; decimal.</summary>
    public const long MaxLength = 100_000_000;

    /// <summary>A limit of ours, far above what any program makes: it keeps a hostile header from becoming a much larger list of
    /// sizes.</summary>
    public const int MaxRank = 64;

    readonly string file;

    SafetensorsHeader(string file) => this.file = file;

    public Dictionary<string, string> Metadata { get; } = [];

    /// <summary>In the order of the offsets.</summary>
    public List<SafetensorsEntry> Entries { get; } = [];

    /// <summary>Rules 4 to 8 of the reference order; the file's length rules (1 to 3) are the caller's.</summary>
    public static SafetensorsHeader Parse(ReadOnlySpan<byte> json, long fileLength, string file)
    {
        SafetensorsHeader h = new(file);
        if (!Utf8.IsValid(json))
            throw h.Error(SafetensorsRule.InvalidHeader, "the header is not UTF-8", FirstInvalid(json));
        List<Raw> tensors = h.Read(json);
        h.Validate(tensors, json.Length, fileLength);
        return h;
    }

    /// <summary>A tensor as the header states it, not yet believed.</summary>
    readonly record struct Raw(string Name, TensorDtype Dtype, ulong[] Shape, ulong Begin, ulong End, long At)
    {
        public override string ToString() => $"{Dtype.Name()} [{string.Join(", ", Shape)}]";
    }

    List<Raw> Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader r = new(json);
        List<Raw> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        try
        {
            r.Read();
            if (r.TokenType != JsonTokenType.StartObject) throw Malformed("the header is not a JSON object", r.TokenStartIndex);
            while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
            {
                long at = r.TokenStartIndex;
                string name = r.GetString()!;
                if (!names.Add(name)) throw Error(SafetensorsRule.DuplicateKey, $"'{Show(name)}' occurs twice in the header", at, name);
                r.Read();
                if (name == "__metadata__") ReadMetadata(ref r);
                else if (name.Contains('\0')) throw Error(SafetensorsRule.NulInName, $"the tensor name '{Show(name)}' holds U+0000", at,
                    name);
                else tensors.Add(ReadTensor(ref r, name, at));
            }
            // Only white space may follow; Read throws at anything else, NUL padding included.
            r.Read();
            return tensors;
        }
        // GetString throws InvalidOperationException for an escaped lone surrogate.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new SafetensorsException(SafetensorsRule.InvalidHeaderDeserialization, file, "the header is not valid JSON",
                8 + r.BytesConsumed, inner: e);
        }
    }

    void ReadMetadata(ref Utf8JsonReader r)
    {
        if (r.TokenType != JsonTokenType.StartObject) throw Malformed("__metadata__ is not an object", r.TokenStartIndex);
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            long at = r.TokenStartIndex;
            string key = r.GetString()!;
            r.Read();
            if (r.TokenType != JsonTokenType.String) throw Malformed($"__metadata__ '{Show(key)}' is not a string", r.TokenStartIndex);
            if (!Metadata.TryAdd(key, r.GetString()!)) throw Error(SafetensorsRule.DuplicateKey,
                $"'{Show(key)}' occurs twice in __metadata__", at);
        }
    }

    Raw ReadTensor(ref Utf8JsonReader r, string name, long at)
    {
        TensorDtype? dtype = null;
        ulong[]? shape = null, offsets = null;
        if (r.TokenType != JsonTokenType.StartObject) throw Malformed($"tensor '{Show(name)}' is not an object", r.TokenStartIndex, name);
        while (r.Read() && r.TokenType == JsonTokenType.PropertyName)
        {
            long field = r.TokenStartIndex;
            bool twice = false;
            if (r.ValueTextEquals("dtype"u8))
            {
                r.Read();
                if (r.TokenType != JsonTokenType.String) throw Malformed($"dtype of tensor '{Show(name)}' is not a string",
                    r.TokenStartIndex, name);
                twice = dtype is not null;
                string text = r.GetString()!;
                dtype = TensorDtypes.Parse(text)
                    ?? throw Malformed($"tensor '{Show(name)}': {TensorDtypes.Why(text)}", r.TokenStartIndex, name);
            }
            else if (r.ValueTextEquals("shape"u8))
            {
                twice = shape is not null;
                shape = ReadNumbers(ref r, "shape", name);
            }
            else if (r.ValueTextEquals("data_offsets"u8))
            {
                twice = offsets is not null;
                offsets = ReadNumbers(ref r, "data_offsets", name);
                if (offsets.Length != 2)
                    throw Malformed($"data_offsets of tensor '{Show(name)}' has {offsets.Length} numbers, not 2", field, name);
            }
            else r.Skip();
            if (twice) throw Error(SafetensorsRule.DuplicateKey, $"tensor '{Show(name)}' has a field twice", field, name);
        }
        string? missing = dtype is null ? "dtype" : shape is null ? "shape" : offsets is null ? "data_offsets" : null;
        if (missing is not null) throw Malformed($"tensor '{Show(name)}' has no {missing}", at, name);
        return new Raw(name, dtype!.Value, shape!, offsets![0], offsets[1], at);
    }

    ulong[] ReadNumbers(ref Utf8JsonReader r, string field, string name)
    {
        r.Read();
        if (r.TokenType != JsonTokenType.StartArray) throw Malformed($"{field} of tensor '{Show(name)}' is not an array",
            r.TokenStartIndex, name);
        List<ulong> numbers = [];
        while (r.Read() && r.TokenType != JsonTokenType.EndArray)
        {
            if (r.TokenType != JsonTokenType.Number || !r.TryGetUInt64(out ulong n))
                throw Malformed($"{field} of tensor '{Show(name)}' holds something else than whole numbers from 0 to 2^64 - 1",
                    r.TokenStartIndex, name);
            if (numbers.Count == MaxRank)
                throw Malformed($"{field} of tensor '{Show(name)}' has more than {MaxRank} numbers", r.TokenStartIndex, name);
            numbers.Add(n);
        }
        return [.. numbers];
    }

    void Validate(List<Raw> tensors, int headerLength, long fileLength)
    {
        ulong end = 0;
        foreach (Raw t in tensors.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            if (t.Begin != end || t.End < t.Begin)
                throw Error(SafetensorsRule.InvalidOffset, t.End < t.Begin
                    ? $"tensor '{Show(t.Name)}' ends at {t.End}, before its begin at {t.Begin}"
                    : $"tensor '{Show(t.Name)}' begins at {t.Begin}, but the data before it ends at {end}: a hole or an overlap", t.At,
                        t.Name);
            end = t.End;
            ulong bytes = Bytes(t);
            if (t.End - t.Begin != bytes)
                throw Error(SafetensorsRule.TensorInvalidInfo,
                    $"tensor '{Show(t.Name)}' is {t}, which takes {bytes} bytes, but its data_offsets span {t.End - t.Begin}", t.At,
                        t.Name);
        }
        // No sum here can pass 2^64: the header is at most 10^8 bytes, and an end beyond the file is told from the file's side.
        long available = fileLength - 8 - headerLength;
        if (end != (ulong)available)
            throw Error(SafetensorsRule.MetadataIncompleteBuffer, $"the header describes {end} bytes of data, the file holds {available}",
                headerLength);
        foreach (Raw t in tensors.OrderBy(t => t.Begin).ThenBy(t => t.End))
            Entries.Add(new SafetensorsEntry(t.Name, t.Dtype, Array.ConvertAll(t.Shape, n => (long)n), (long)t.Begin, (long)t.End));
    }

    ulong Bytes(Raw t)
    {
        try
        {
            // Left to right, as the reference does: [0, 2^40, 2^40] has 0 elements, [2^40, 2^40, 0] overflows. In bits, as the reference
            // counts.
            ulong bits = 1;
            checked
            {
                foreach (ulong n in t.Shape) bits *= n;
                bits *= (ulong)t.Dtype.Size() * 8;
            }
            return bits / 8;
        }
        catch (OverflowException e)
        {
            throw new SafetensorsException(SafetensorsRule.ValidationOverflow, file,
                $"tensor '{Show(t.Name)}' is {t}, whose size in bits passes 2^64", 8 + t.At, t.Name, e);
        }
    }

    SafetensorsException Malformed(string problem, long at, string? tensor = null) =>
        Error(SafetensorsRule.InvalidHeaderDeserialization, problem, at, tensor);

    /// <summary>at counts from the first byte of the header.</summary>
    SafetensorsException Error(SafetensorsRule rule, string problem, long at, string? tensor = null) =>
        new(rule, file, problem, 8 + at, tensor);

    static long FirstInvalid(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out int length) == System.Buffers.OperationStatus.Done) at += length;
        return at;
    }

    /// <summary>A name for an error message: hostile names neither flood the terminal nor steer it.</summary>
    public static string Show(string name)
    {
        if (name.Length > 80) name = name[..80] + "...";
        return string.Concat(name.Select(c => Steers(char.GetUnicodeCategory(c)) ? $"\\u{(int)c:x4}" : c.ToString()));
    }

    static bool Steers(UnicodeCategory c) => c is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
