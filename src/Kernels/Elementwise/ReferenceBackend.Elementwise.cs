namespace Sagan.Native.Kernels;

public sealed partial class ReferenceBackend
{
    public override void Fill(Storage ys, int n, float value)
    {
        Span<float> y = Values(ys);
        for (int i = 0; i < n; i++) y[i] = value;
    }

    public override void Copy(Storage xs, Storage ys, int n)
    {
        Span<float> x = Values(xs), y = Values(ys);
        for (int i = 0; i < n; i++) y[i] = x[i];
    }

    public override void Map<TOp>(Storage xs, Storage ys, int n, TOp f)
    {
        Span<float> x = Values(xs), y = Values(ys);
        for (int i = 0; i < n; i++) y[i] = f.Invoke(x[i]);
    }

    /// <summary>y[i] = f(a[a's element under i], b[b's element under i]).</summary>
    public override void Zip<TOp>(Storage @as, Storage bs, Storage ys, in BroadcastSpec s, TOp f)
    {
        Span<float> a = Values(@as), b = Values(bs), y = Values(ys);
        for (int i = 0; i < s.Count; i++)
        {
            (int ia, int ib) = Operands(s, i);
            y[i] = f.Invoke(a[ia], b[ib]);
        }
    }

    public override void BroadcastTo(Storage xs, Storage ys, in BroadcastSpec s)
    {
        Span<float> x = Values(xs), y = Values(ys);
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
