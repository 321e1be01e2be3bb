using System.Buffers.Binary;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Torch;

/// <summary>
/// Reads the tensors of a .pth file, what torch.save makes of a state dict, in its present container (a zip) and in the one before PyTorch
/// 1.6. Nothing in the file is ever run. Every length is checked against the file before anything is allocated for it, and a tensor's bytes
/// are read when asked for. Views are followed: a tensor comes out row by row, whatever its strides in the storage it may share with
/// others.
/// </summary>
sealed class PthReader : TensorFile
{
    sealed record Entry(string Name, TensorDtype Dtype, IReadOnlyList<long> Shape, TorchTensor Tensor) : TensorEntry(Name, Dtype, Shape);

    readonly string file;
    readonly PthContainer container;
    readonly List<Entry> entries = [];

    /// <summary>
    /// Opens a state dict of a file. Throws <see cref="InterchangeException"/> when the file is malformed or has no such state dict.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="key">Which dict in it, such as <c>model.generator</c>; null for the whole file where it is a state dict, else the only
    /// one in it.</param>
    public PthReader(string path, string? key = null) : this(InterchangeFile.Open(path), path, key) { }

    /// <summary>Reads from a seekable stream, which the reader then owns.</summary>
    public PthReader(Stream stream, string name, string? key = null) : this(stream, name, dicts => Choose(dicts, key, name)) { }

    PthReader(Stream stream, string name, Func<IReadOnlyList<TorchStateDict>, IEnumerable<(string, TorchTensor)>> choose)
    {
        file = name;
        try
        {
            container = PthContainer.Open(stream, name);
            foreach ((string key, TorchTensor t) in choose(TorchStateDict.All(container.Root, name)))
            {
                container.Check(t.Storage);
                entries.Add(new Entry(key, t.Storage.Dtype, t.Shape, t));
            }
        }
        catch (Exception e)
        {
            stream.Dispose();
            if (InterchangeFile.IsDamage(e)) throw InterchangeFile.Unreadable(file, e);
            throw;
        }
    }

    /// <summary>Opens all tensors of all dicts in the file, under their full paths.</summary>
    public static PthReader Everything(string path) => new(InterchangeFile.Open(path), path,
        dicts => dicts.SelectMany(d => d.Tensors.Select(t => (d.Path.Length == 0 ? t.Name : $"{d.Path}.{t.Name}", t.Tensor)))
            .DistinctBy(t => t.Item1));

    /// <summary>How the file is packed.</summary>
    public string Container => container.Name;

    public override IReadOnlyList<TensorEntry> Entries => entries;

    protected internal override Stream Data(TensorEntry entry)
    {
        TorchTensor t = ((Entry)entry).Tensor;
        int size = t.Storage.Dtype.Size();
        try
        {
            if (entry.Count == 0) return Stream.Null;
            ArrayLength(entry, entry.Count * size);
            return t.IsContiguous ? container.Open(t.Storage, t.Offset * size) : Gather(t, size);
        }
        catch (Exception e) when (InterchangeFile.IsDamage(e))
        {
            throw InterchangeFile.Unreadable(file, e);
        }
    }

    // The part of the storage that the tensor lies in, then its elements in order.
    MemoryStream Gather(TorchTensor t, int size)
    {
        long span = 1;
        for (int i = 0; i < t.Shape.Length; i++) span += (t.Shape[i] - 1) * t.Stride[i];
        byte[] storage = new byte[checked((int)(span * size))];
        container.Open(t.Storage, t.Offset * size).ReadExactly(storage);
        return new MemoryStream(StridedBytes.Gather(storage, t.Shape, t.Stride, size), writable: false);
    }

    protected internal override Exception Missing(string name) =>
        new InterchangeException($"{file}: there is no tensor '{SafetensorsHeader.Show(name)}' "
            + $"among the {entries.Count} of the state dict.");

    protected internal override Exception NotConvertible(TensorEntry entry, string problem, Exception? inner = null) =>
        new InterchangeException($"{file}: tensor '{SafetensorsHeader.Show(entry.Name)}' {problem}.", inner);

    protected override void Dispose(bool disposing)
    {
        if (disposing) container.Dispose();
    }

    static IEnumerable<(string, TorchTensor)> Choose(IReadOnlyList<TorchStateDict> dicts, string? key, string file)
    {
        TorchStateDict? chosen = dicts.FirstOrDefault(d => d.Path == (key ?? ""));
        if (chosen != null) return chosen.Tensors;
        string[] paths = [.. (key == null ? dicts.Where(d => d.IsNamed) : dicts).Select(d => d.Path)];
        if (key == null && paths.Length == 1) return dicts.First(d => d.Path == paths[0]).Tensors;
        string there = string.Join(", ", paths.Take(8).Select(p => $"'{SafetensorsHeader.Show(p)}'"));
        there += paths.Length > 8 ? ", ..." : paths.Length == 0 ? "none" : "";
        throw new InterchangeException(key != null
            ? $"{file}: holds no tensors under '{SafetensorsHeader.Show(key)}'; there are: {there}."
            : paths.Length == 0
                ? $"{file}: holds no state dict: no dict of tensors under names."
                : $"{file}: holds several state dicts; choose one by its key: {there}.");
    }
}
