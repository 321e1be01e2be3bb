namespace Sagan.Native.Kernels;

/// <summary>Row-major data with up to four axes: x[n, h, w, c]. It knows the sizes of all axes but the first.</summary>
readonly ref struct ReferenceView(Storage storage, int size1, int size2 = 1, int size3 = 1)
{
    readonly Span<float> data = storage.Values();

    public ref float this[int i, int j] => ref data[i * size1 + j];

    public ref float this[int i, int j, int k] => ref data[(i * size1 + j) * size2 + k];

    public ref float this[int i, int j, int k, int l] => ref data[((i * size1 + j) * size2 + k) * size3 + l];

    /// <summary>0 &lt;= i &lt; size.</summary>
    public static bool Inside(int i, int size) => i >= 0 && i < size;
}

/// <summary>Storages of the host as spans.</summary>
static class ReferenceMemory
{
    public static Span<float> Values(this Storage s) => ((HostStorage)s).Span;

    public static Span<int> Indices(this Storage s) => ((HostStorage)s).Indices;
}
