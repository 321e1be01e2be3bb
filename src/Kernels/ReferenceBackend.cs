namespace Sagan.Native.Kernels;

/// <summary>
/// The readable definition of every primitive and the oracle of the tests: plain scalar loops that accumulate in double, on one thread, slow on purpose.
/// It has no fused capability: operations that could be fused run as compositions of these primitives.
/// Parameters named xs, ys are the storages of x, y; inside, x and y are views whose indices are the formula's.
/// </summary>
public sealed partial class ReferenceBackend : Backend
{
    static Span<float> Values(Storage s) => ((HostStorage)s).Span;

    static Span<int> Indices(Storage s) => ((HostStorage)s).Indices;

    /// <summary>Row-major data with up to four axes: x[n, h, w, c]. It knows the sizes of all axes but the first.</summary>
    readonly ref struct View(Storage storage, int size1, int size2 = 1, int size3 = 1)
    {
        readonly Span<float> data = Values(storage);

        public ref float this[int i, int j] => ref data[i * size1 + j];

        public ref float this[int i, int j, int k] => ref data[(i * size1 + j) * size2 + k];

        public ref float this[int i, int j, int k, int l] => ref data[((i * size1 + j) * size2 + k) * size3 + l];
    }
}
