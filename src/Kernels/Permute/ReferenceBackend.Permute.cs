namespace Sagan.Native.Kernels;

public sealed partial class ReferenceBackend
{
    /// <summary>y[i] = x[sum over axes of digit times stride], the digits of i in y's sizes, last axis first.</summary>
    public override void Permute(Storage xs, Storage ys, in PermuteSpec s)
    {
        Span<float> x = Values(xs), y = Values(ys);
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
