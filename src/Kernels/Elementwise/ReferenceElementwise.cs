namespace Sagan.Native.Kernels;

/// <summary>Defines Fill, Copy and Map.</summary>
static class ReferenceElementwise
{
    public static void Fill(Storage ys, int n, float value)
    {
        Span<float> y = ys.Values();
        for (int i = 0; i < n; i++) y[i] = value;
    }

    public static void Copy(Storage xs, Storage ys, int n)
    {
        Span<float> x = xs.Values(), y = ys.Values();
        for (int i = 0; i < n; i++) y[i] = x[i];
    }

    public static void Map<TOp>(Storage xs, Storage ys, int n, TOp f) where TOp : unmanaged, IUnaryOp
    {
        Span<float> x = xs.Values(), y = ys.Values();
        for (int i = 0; i < n; i++) y[i] = f.Invoke(x[i]);
    }
}
