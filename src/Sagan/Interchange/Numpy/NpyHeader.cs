using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Numpy;

/// <summary>
/// The header of an .npy file, numpy's format for one array:
/// <code>\x93NUMPY | major | minor | length: u16 in version 1, u32 in 2 and 3 | text | data
/// text: {'descr': '&lt;f4', 'fortran_order': False, 'shape': (2, 3), }, spaces, a line feed</code>
/// The text is a Python dict; exactly its three keys are read, nothing is evaluated. Source: numpy.lib.format.
/// </summary>
/// <param name="Descr">The type as numpy writes it, such as <c>&lt;f4</c>.</param>
/// <param name="Fortran">True where the first index runs fastest.</param>
/// <param name="Shape">The sizes.</param>
sealed record NpyHeader(string Descr, bool Fortran, long[] Shape)
{
    const int MostBytes = 1 << 16;

    static readonly Dictionary<string, (TensorDtype Dtype, int Size)> types = new()
    {
        ["f4"] = (TensorDtype.F32, 4),
        ["f8"] = (TensorDtype.F64, 8),
        ["f2"] = (TensorDtype.F16, 2),
        ["i4"] = (TensorDtype.I32, 4),
        ["i8"] = (TensorDtype.I64, 8),
        ["u1"] = (TensorDtype.U8, 1),
        // Widened when it is read.
        ["i1"] = (TensorDtype.I32, 1),
        ["b1"] = (TensorDtype.Bool, 1),
    };

    /// <summary>Bytes before the data.</summary>
    public int Length { get; private init; }

    /// <summary>The type that the values are given as.</summary>
    public TensorDtype Dtype => types[Descr[1..]].Dtype;

    /// <summary>Bytes of an element in the file.</summary>
    public int ElementSize => IsText ? 4 * int.Parse(Descr.AsSpan(2), CultureInfo.InvariantCulture) : types[Descr[1..]].Size;

    /// <summary>Whether it is an array of Unicode texts, which has no <see cref="Dtype"/>: see <see cref="NpyText"/>.</summary>
    public bool IsText => Descr[1] == 'U';

    public bool IsBigEndian => Descr[0] == '>';

    public bool IsSignedByte => Descr[1..] == "i1";

    /// <summary>Number of elements. It fits, and so does their number of bytes.</summary>
    public long Count => Shape.Aggregate(1L, (product, n) => product * n);

    /// <summary>Reads a header; the stream then stands at the data. Throws <see cref="InterchangeException"/>.</summary>
    public static NpyHeader Read(Stream stream, string file)
    {
        Span<byte> start = stackalloc byte[8];
        Fill(stream, start, file);
        if (start[0] != 0x93 || !start[1..6].SequenceEqual("NUMPY"u8))
            throw new InterchangeException($"{file}: is no .npy array: it does not begin with \\x93NUMPY.");
        byte major = start[6];
        if (major is < 1 or > 3) throw new InterchangeException($"{file}: has version {major} of the .npy format; 1 to 3 are read.");
        Span<byte> size = stackalloc byte[4];
        size.Clear();
        Fill(stream, major == 1 ? size[..2] : size, file);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(size);
        if (length > MostBytes) throw new InterchangeException($"{file}: states a header of {length} bytes; at most {MostBytes} are read.");
        byte[] text = new byte[length];
        Fill(stream, text, file);
        return new Parser(major == 3 ? Encoding.UTF8.GetString(text) : Encoding.Latin1.GetString(text), file).Dict() with
        {
            Length = start.Length + (major == 1 ? 2 : 4) + text.Length,
        };
    }

    /// <summary>The bytes before the data, of version 1, a multiple of 64.</summary>
    public static byte[] Write(TensorDtype dtype, IReadOnlyList<int> shape)
    {
        string descr = dtype switch
        {
            TensorDtype.F32 => "<f4",
            TensorDtype.F64 => "<f8",
            TensorDtype.F16 => "<f2",
            TensorDtype.I32 => "<i4",
            TensorDtype.I64 => "<i8",
            TensorDtype.U8 => "|u1",
            TensorDtype.Bool => "|b1",
            _ => throw new ArgumentException($"npy: numpy has no type for {dtype.Name()}.", nameof(dtype)),
        };
        return Write(descr, shape);
    }

    /// <summary>The same for a type as numpy writes it.</summary>
    public static byte[] Write(string descr, IReadOnlyList<int> shape)
    {
        string sizes = shape.Count == 1 ? $"({shape[0]},)" : $"({string.Join(", ", shape)})";
        string text = $"{{'descr': '{descr}', 'fortran_order': False, 'shape': {sizes}, }}";
        int total = (10 + text.Length + 1 + 63) / 64 * 64;
        byte[] bytes = new byte[total];
        bytes.AsSpan().Fill((byte)' ');
        ((ReadOnlySpan<byte>)[0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0]).CopyTo(bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(8), (ushort)(total - 10));
        Encoding.ASCII.GetBytes(text, bytes.AsSpan(10));
        bytes[^1] = (byte)'\n';
        return bytes;
    }

    static void Fill(Stream stream, Span<byte> bytes, string file)
    {
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw new InterchangeException($"{file}: ends in its .npy header: truncated.");
    }

    /// <summary>Of a Python dict with these three keys, in any order.</summary>
    sealed class Parser(string text, string file)
    {
        int at;

        public NpyHeader Dict()
        {
            string? descr = null;
            bool? fortran = null;
            long[]? shape = null;
            Expect('{');
            while (!Accept('}'))
            {
                string key = Text();
                Expect(':');
                bool twice = key switch
                {
                    "descr" => descr != null,
                    "fortran_order" => fortran != null,
                    "shape" => shape != null,
                    _ => throw Error("has an unknown key"),
                };
                if (twice) throw Error("has a key twice");
                if (key == "descr") descr = Descr();
                else if (key == "fortran_order") fortran = Truth();
                else shape = Tuple();
                if (!Accept(','))
                {
                    Expect('}');
                    break;
                }
            }
            Skip();
            if (at < text.Length) throw Error("goes on after its dict");
            if (descr == null || fortran == null || shape == null) throw Error("lacks descr, fortran_order or shape");
            return new NpyHeader(descr, fortran.Value, shape);
        }

        string Descr()
        {
            Skip();
            if (at < text.Length && text[at] == '[')
                throw new InterchangeException($"{file}: is an array of records; arrays of numbers are read.");
            string descr = Text();
            if (descr.EndsWith('O'))
                throw new InterchangeException($"{file}: is an array of Python objects, a pickle that can run any code, and is refused; "
                    + "save numbers.");
            bool isText = descr.Length is > 2 and < 8 && descr[1] == 'U' && descr[2] != '0' && descr[2..].All(char.IsAsciiDigit);
            if (descr.Length < 2 || !"<>=|".Contains(descr[0]) || !isText && !types.ContainsKey(descr[1..]))
                throw new InterchangeException($"{file}: has elements of type '{SafetensorsHeader.Show(descr)}'; read are "
                    + $"{string.Join(' ', types.Keys)}.");
            return descr;
        }

        string Text()
        {
            Skip();
            char quote = at < text.Length && text[at] is '\'' or '"' ? text[at] : throw Error("lacks a text");
            int end = text.IndexOf(quote, at + 1);
            if (end < 0) throw Error("has a text without an end");
            string inner = text[(at + 1)..end];
            at = end + 1;
            return inner;
        }

        bool Truth()
        {
            Skip();
            bool value = text.AsSpan(at).StartsWith("True");
            if (!value && !text.AsSpan(at).StartsWith("False")) throw Error("has a fortran_order that is neither True nor False");
            at += value ? 4 : 5;
            return value;
        }

        long[] Tuple()
        {
            List<long> sizes = [];
            Expect('(');
            while (!Accept(')'))
            {
                Skip();
                int start = at;
                while (at < text.Length && char.IsAsciiDigit(text[at])) at++;
                if (!long.TryParse(text.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out long n))
                    throw Error("has a shape that is no tuple of numbers");
                if (sizes.Count == SafetensorsHeader.MaxRank) throw Error($"has more than {SafetensorsHeader.MaxRank} axes");
                sizes.Add(n);
                if (!Accept(','))
                {
                    Expect(')');
                    break;
                }
            }
            try
            {
                _ = sizes.Aggregate(8L, (product, n) => checked(product * n));
            }
            catch (OverflowException e)
            {
                throw new InterchangeException($"{file}: its .npy header states more elements than any file has.", e);
            }
            return [.. sizes];
        }

        void Skip()
        {
            while (at < text.Length && text[at] is ' ' or '\n' or '\t') at++;
        }

        bool Accept(char c)
        {
            Skip();
            if (at >= text.Length || text[at] != c) return false;
            at++;
            return true;
        }

        void Expect(char c)
        {
            if (!Accept(c)) throw Error($"lacks a '{c}'");
        }

        InterchangeException Error(string problem) => new($"{file}: its .npy header {problem} (at character {at}).");
    }
}
