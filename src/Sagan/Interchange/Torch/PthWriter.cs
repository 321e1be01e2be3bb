using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sagan.Native.Interchange.Pickle;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Torch;

/// <summary>
/// Writes a state dict as a .pth file that torch.load reads, with weights_only too: an OrderedDict of tensors, in the order in which they
/// were added. The same content gives the same bytes.
/// </summary>
sealed class PthWriter : ITensorWriter
{
    sealed record Item(string Name, TensorDtype Dtype, Shape Shape, Func<byte[]> Bytes);

    // The folder in the zip; torch.save takes the file's name, which does not matter.
    const string Prefix = "archive/";

    readonly List<Item> items = [];

    /// <inheritdoc/>
    public void Add<T>(string name, Shape shape, Func<T[]> values) where T : unmanaged
    {
        if (items.Any(i => i.Name == name)) throw new ArgumentException($"pth: there are two tensors named '{name}'.");
        items.Add(new Item(name, TensorDtypes.Of<T>(), shape, () =>
        {
            T[] v = values();
            if (v.Length != shape.Count) throw new InvalidOperationException($"pth: tensor '{name}' is {shape}, but {v.Length} values were "
                + "given to write.");
            if ((long)v.Length * Unsafe.SizeOf<T>() > Array.MaxLength)
                throw new InterchangeException($"tensor '{name}' has more than 2 GiB; export as safetensors.");
            return MemoryMarshal.AsBytes(v.AsSpan()).ToArray();
        }));
    }

    /// <summary>Writes the file: see <see cref="AtomicFile.Write"/>.</summary>
    public void Save(string path) => AtomicFile.Write(path, Write);

    /// <summary>Writes the content to a stream, which stays open.</summary>
    public void Write(Stream stream)
    {
        StoredZip zip = new(stream);
        zip.Add(Prefix + "data.pkl", Pickle());
        zip.Add(Prefix + "byteorder", "little"u8);
        for (int i = 0; i < items.Count; i++) zip.Add($"{Prefix}data/{i}", items[i].Bytes());
        zip.Add(Prefix + "version", "3\n"u8);
        zip.Finish();
    }

    byte[] Pickle()
    {
        PickleWriter p = new();
        Dict(p);
        p.Mark();
        for (int i = 0; i < items.Count; i++)
        {
            Item t = items[i];
            p.Text(t.Name);
            p.Global(TorchObjects.RebuildTensor);
            p.Mark();
            p.Mark();
            p.Word("storage");
            p.Global(TorchObjects.StorageType(t.Dtype));
            p.Text($"{i}");
            p.Word("cpu");
            p.Integer(t.Shape.Count);
            p.Tuple();
            p.Persistent();
            p.Integer(0);
            p.Sizes([.. t.Shape.ToArray().Select(n => (long)n)]);
            p.Sizes(Strides(t.Shape));
            p.False();
            Dict(p);
            p.Tuple();
            p.Reduce();
        }
        p.SetItems();
        return p.Finish();
    }

    static void Dict(PickleWriter p)
    {
        p.Global(PickleGlobal.OrderedDict);
        p.EmptyTuple();
        p.Reduce();
    }

    static long[] Strides(Shape shape)
    {
        long[] strides = new long[shape.Rank];
        long stride = 1;
        for (int i = shape.Rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(1, shape[i]);
        }
        return strides;
    }
}
