namespace Sagan.Native.Kernels;

/// <summary>Defines Permute.</summary>
static class ReferencePermute
{
    /// <summary>y[i] = x[sum over axes of digit times stride], the digits of i in y's sizes, last axis first.</summary>
    public static void Permute(Storage xs, Storage ys, in PermuteSpec s)
    {
        Span<float> x = xs.Values(), y = ys.Values();
        for (int i = 0; i < s.Count; i++)
        {
            int from = 0, rest = i;
            for (int axis = s.Rank - 1; axis >= 0; axis--)
            {
                from += rest % s.Size(axis) * s.Stride(axis);
                rest /= s.Size(axis);
            }
            y[i] = x[from];
        }
    }
}
