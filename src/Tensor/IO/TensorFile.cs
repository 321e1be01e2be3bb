using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sagan.Native.IO;

/// <summary>One tensor of a file.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Dtype">Its element type.</param>
/// <param name="Shape">Its sizes, outermost first; empty for a scalar. Their product fits a long.</param>
public record TensorEntry(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, n) => product * n);

    /// <summary>For example <c>attn1.gamma F32 [1]</c>.</summary>
    public sealed override string ToString() => $"{Name} {Dtype.Name()} [{string.Join(", ", Shape)}]";
}

/// <summary>
/// A file of named tensors, whatever its format: what is in it is known once it is open, and a tensor's bytes are read when asked for.
/// Not safe for use from several threads at once.
/// </summary>
public abstract class TensorFile : IDisposable
{
    const int ChunkBytes = 1 << 16;

    Dictionary<string, TensorEntry>? byName;

    /// <summary>The tensors in the order of the file.</summary>
    public abstract IReadOnlyList<TensorEntry> Entries { get; }

    /// <summary>Whether the file has a tensor of this name.</summary>
    public bool Contains(string name) => ByName.ContainsKey(name);

    /// <summary>The tensor of this name. An error where there is none.</summary>
    public TensorEntry this[string name] => ByName.TryGetValue(name, out TensorEntry? e) ? e : throw Missing(name);

    /// <summary>A tensor's values as a new array. See <see cref="Read{T}(string, Span{T})"/>.</summary>
    public T[] Read<T>(string name) where T : unmanaged, INumber<T>
    {
        TensorEntry e = this[name];
        T[] values = new T[ArrayLength(e, e.Count)];
        Read(name, values.AsSpan());
        return values;
    }

    /// <summary>
    /// A tensor's values, row by row, converted to T. To floating-point types every dtype converts, rounding to nearest. To integer types
    /// only the integer dtypes do, and a value that T cannot hold is an error, not a wrapped number. The destination must have exactly
    /// the tensor's number of elements.
    /// </summary>
    public void Read<T>(string name, Span<T> destination) where T : unmanaged, INumber<T>
    {
        TensorEntry e = this[name];
        if (destination.Length != e.Count)
            throw NotConvertible(e, $"has {e.Count} elements, the destination {destination.Length}");
        bool toFloat = typeof(T) == typeof(float) || typeof(T) == typeof(double) || typeof(T) == typeof(Half);
        if (!toFloat && !e.Dtype.IsInteger())
            throw NotConvertible(e, $"is {e.Dtype.Name()}, which does not convert to {typeof(T).Name}");
        try
        {
            Convert(e, destination);
        }
        catch (Exception ex) when (ex is EndOfStreamException or InvalidDataException)
        {
            throw NotConvertible(e, $"cannot be read, the file is damaged: {ex.Message}", ex);
        }
    }

    void Convert<T>(TensorEntry e, Span<T> destination) where T : unmanaged, INumber<T>
    {
        switch (e.Dtype)
        {
            case TensorDtype.F64: Convert<double, T>(e, destination, T.CreateChecked); break;
            case TensorDtype.F32: Convert<float, T>(e, destination, T.CreateChecked); break;
            case TensorDtype.F16: Convert<Half, T>(e, destination, T.CreateChecked); break;
            case TensorDtype.BF16:
                Convert<ushort, T>(e, destination,
                static b => T.CreateChecked(BitConverter.UInt32BitsToSingle((uint)b << 16))); break;
            case TensorDtype.I64: Convert<long, T>(e, destination, T.CreateChecked); break;
            case TensorDtype.I32: Convert<int, T>(e, destination, T.CreateChecked); break;
            case TensorDtype.U8: Convert<byte, T>(e, destination, T.CreateChecked); break;
            case TensorDtype.Bool: Convert<byte, T>(e, destination, static b => b == 0 ? T.Zero : T.One); break;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Lets go of what the file holds.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>The tensor's bytes: little-endian, row by row, from the stream's position on. The caller does not dispose of it.</summary>
    protected internal abstract Stream Data(TensorEntry entry);

    /// <summary>The error for a tensor that is not there.</summary>
    protected internal abstract Exception Missing(string name);

    /// <summary>The error for a tensor that cannot be given as what was asked for.</summary>
    protected internal abstract Exception NotConvertible(TensorEntry entry, string problem, Exception? inner = null);

    /// <summary>This length as that of an array. An error where it is too long for one.</summary>
    protected int ArrayLength(TensorEntry entry, long length) => length <= Array.MaxLength
        ? (int)length
        : throw NotConvertible(entry, $"has {length} elements, which do not fit one array of at most {Array.MaxLength}");

    Dictionary<string, TensorEntry> ByName => byName ??= Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);

    void Convert<TFile, T>(TensorEntry e, Span<T> destination, Func<TFile, T> convert)
        where TFile : unmanaged where T : unmanaged, INumber<T>
    {
        Stream stream = Data(e);
        if (typeof(TFile) == typeof(T) && e.Dtype != TensorDtype.Bool)
        {
            // 2^31 bytes pass a span's length; the chunk keeps below it.
            for (int at = 0; at < destination.Length;)
            {
                int n = Math.Min(destination.Length - at, 1 << 24);
                stream.ReadExactly(MemoryMarshal.AsBytes(destination.Slice(at, n)));
                at += n;
            }
            return;
        }
        Span<byte> chunk = new byte[Math.Min(ChunkBytes, (long)destination.Length * Unsafe.SizeOf<TFile>())];
        for (int at = 0; at < destination.Length;)
        {
            int n = Math.Min(destination.Length - at, chunk.Length / Unsafe.SizeOf<TFile>());
            Span<byte> bytes = chunk[..(n * Unsafe.SizeOf<TFile>())];
            stream.ReadExactly(bytes);
            ReadOnlySpan<TFile> values = MemoryMarshal.Cast<byte, TFile>(bytes);
            for (int i = 0; i < n; i++)
            {
                try
                {
                    destination[at + i] = convert(values[i]);
                }
                catch (OverflowException ex)
                {
                    throw NotConvertible(e, $"has {values[i]} as element {at + i}, which {typeof(T).Name} cannot hold", ex);
                }
            }
            at += n;
        }
    }
}
