using Sagan.Native.IO;

namespace Sagan.Native.Interchange;

/// <summary>A file whose tensors go by other names, or not at all.</summary>
sealed class RenamedTensorFile : TensorFile
{
    readonly TensorFile inner;
    readonly Dictionary<string, TensorEntry> originals = new(StringComparer.Ordinal);
    readonly List<TensorEntry> entries = [];

    readonly bool owns;

    /// <param name="inner">The file; owned from now on.</param>
    /// <param name="rename">The new name of a tensor, or null to leave it out. Two tensors under one name are an error.</param>
    /// <param name="owns">False: it is not owned.</param>
    public RenamedTensorFile(TensorFile inner, Func<string, string?> rename, bool owns = true)
    {
        (this.inner, this.owns) = (inner, owns);
        foreach (TensorEntry e in inner.Entries)
        {
            if (rename(e.Name) is not { } name) continue;
            if (!originals.TryAdd(name, e))
                throw inner.NotConvertible(e, $"would be called '{SafetensorsHeader.Show(name)}', as would another");
            entries.Add(new TensorEntry(name, e.Dtype, e.Shape));
        }
    }

    public override IReadOnlyList<TensorEntry> Entries => entries;

    /// <summary>The file under its own names.</summary>
    internal TensorFile Inner => inner;

    /// <summary>What the file itself calls a tensor.</summary>
    internal string Original(string name) => originals[name].Name;

    protected internal override Stream Data(TensorEntry entry) => inner.Data(originals[entry.Name]);

    protected internal override Exception Missing(string name) => inner.Missing(name);

    protected internal override Exception NotConvertible(TensorEntry entry, string problem, Exception? inner = null) =>
        this.inner.NotConvertible(originals[entry.Name], problem, inner);

    protected override void Dispose(bool disposing)
    {
        if (disposing && owns) inner.Dispose();
    }
}
