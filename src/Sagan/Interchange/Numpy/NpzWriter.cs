using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Numpy;

/// <summary>Writes named arrays as an .npz file that numpy.load reads. The same content gives the same bytes.</summary>
sealed class NpzWriter : ITensorWriter
{
    readonly List<(string Name, Func<byte[]> Bytes)> items = [];

    /// <inheritdoc/>
    public void Add<T>(string name, Shape shape, Func<T[]> values) where T : unmanaged
    {
        if (items.Any(i => i.Name == name)) throw new ArgumentException($"npz: there are two arrays named '{name}'.");
        items.Add((name, () =>
        {
            T[] v = values();
            if (v.Length != shape.Count) throw new InvalidOperationException($"npz: array '{name}' is {shape}, but {v.Length} values were "
                + "given to write.");
            byte[] header = NpyHeader.Write(TensorDtypes.Of<T>(), shape.ToArray());
            long length = header.Length + (long)v.Length * Unsafe.SizeOf<T>();
            if (length > Array.MaxLength) throw new InterchangeException($"array '{name}' has more than 2 GiB; write fewer at a time.");
            byte[] bytes = new byte[length];
            header.CopyTo(bytes, 0);
            MemoryMarshal.AsBytes(v.AsSpan()).CopyTo(bytes.AsSpan(header.Length));
            return bytes;
        }
        ));
    }

    /// <summary>Adds a list of texts, as numpy's array of Unicode texts.</summary>
    public void AddText(string name, IReadOnlyList<string> texts)
    {
        if (items.Any(i => i.Name == name)) throw new ArgumentException($"npz: there are two arrays named '{name}'.");
        items.Add((name, () => NpyText.Write(texts)));
    }

    /// <summary>Writes the file: see <see cref="AtomicFile.Write"/>.</summary>
    public void Save(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes the content to a stream, which stays open.</summary>
    public void Write(Stream stream)
    {
        StoredZip zip = new(stream);
        foreach ((string name, Func<byte[]> bytes) in items) zip.Add(name + ".npy", bytes());
        zip.Finish();
    }
}
