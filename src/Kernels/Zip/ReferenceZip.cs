namespace Sagan.Native.Kernels;

/// <summary>Defines Zip and BroadcastTo.</summary>
static class ReferenceZip
{
    /// <summary>y[i] = f(a[a's element under i], b[b's element under i]).</summary>
    public static void Zip<TOp>(Storage @as, Storage bs, Storage ys, in BroadcastSpec s, TOp f) where TOp : unmanaged, IBinaryOp
    {
        Span<float> a = @as.Values(), b = bs.Values(), y = ys.Values();
        for (int i = 0; i < s.Count; i++)
        {
            (int ia, int ib) = Operands(s, i);
            y[i] = f.Invoke(a[ia], b[ib]);
        }
    }

    public static void BroadcastTo(Storage xs, Storage ys, in BroadcastSpec s)
    {
        Span<float> x = xs.Values(), y = ys.Values();
        for (int i = 0; i < s.Count; i++) y[i] = x[Operands(s, i).A];
    }

    // The elements of a and b under element i of y: the digits of i in y's sizes, last axis first, times the strides.
    static (int A, int B) Operands(in BroadcastSpec s, int i)
    {
        int a = 0, b = 0;
        for (int axis = s.Rank - 1; axis >= 0; axis--)
        {
            int digit = i % s.Size(axis);
            i /= s.Size(axis);
            a += digit * s.StrideA(axis);
            b += digit * s.StrideB(axis);
        }
        return (a, b);
    }
}
