using System.Runtime.InteropServices;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.StateDicts;

/// <summary>
/// A file made of another one's tensors, under other names, and of tensors that are computed from them when they are asked for.
/// </summary>
sealed class ComposedTensorFile(TensorFile inner) : TensorFile
{
    readonly List<TensorEntry> entries = [];
    readonly Dictionary<string, TensorEntry> originals = new(StringComparer.Ordinal);
    readonly Dictionary<string, Func<float[]>> computed = new(StringComparer.Ordinal);

    public override IReadOnlyList<TensorEntry> Entries => entries;

    /// <summary>
    /// What the names and sizes of the inner file say of the configuration. Asking throws <see cref="InterchangeException"/> where no
    /// network fits.
    /// </summary>
    public IEnumerable<(string Path, string Text)> Found { get; init; } = [];

    /// <summary>A tensor of the inner file, under another name.</summary>
    public void Add(string name, string original)
    {
        TensorEntry e = inner[original];
        if (!originals.TryAdd(name, e))
            throw inner.NotConvertible(e, $"would be called '{SafetensorsHeader.Show(name)}', as would another");
        entries.Add(new TensorEntry(name, e.Dtype, e.Shape));
    }

    /// <summary>A tensor that is computed from one of the inner file.</summary>
    public void Add(string name, string original, IReadOnlyList<long> shape, Func<float[]> values)
    {
        TensorEntry e = inner[original];
        if (!originals.TryAdd(name, e))
            throw inner.NotConvertible(e, $"would be called '{SafetensorsHeader.Show(name)}', as would another");
        entries.Add(new TensorEntry(name, TensorDtype.F32, shape));
        computed[name] = values;
    }

    protected internal override Stream Data(TensorEntry entry) => computed.TryGetValue(entry.Name, out Func<float[]>? values)
        ? new MemoryStream(MemoryMarshal.AsBytes(values().AsSpan()).ToArray(), writable: false)
        : inner.Data(originals[entry.Name]);

    protected internal override Exception Missing(string name) => inner.Missing(name);

    protected internal override Exception NotConvertible(TensorEntry entry, string problem, Exception? cause = null) =>
        inner.NotConvertible(originals[entry.Name], problem, cause);

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
    }
}
