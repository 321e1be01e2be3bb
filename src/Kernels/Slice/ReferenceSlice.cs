namespace Sagan.Native.Kernels;

/// <summary>Defines Slice, Pad and CopyInto.</summary>
static class ReferenceSlice
{
    /// <summary>y[o, l, i] = x[o, start + l, i].</summary>
    public static void Slice(Storage xs, Storage ys, in SliceSpec s)
    {
        ReferenceView x = new(xs, s.Length, s.Inner), y = new(ys, s.Count, s.Inner);
        for (int o = 0; o < s.Outer; o++)
            for (int l = 0; l < s.Count; l++)
                for (int i = 0; i < s.Inner; i++) y[o, l, i] = x[o, s.Start + l, i];
    }

    /// <summary>y = 0, then y[o, start + l, i] = x[o, l, i].</summary>
    public static void Pad(Storage xs, Storage ys, in SliceSpec s)
    {
        ReferenceElementwise.Fill(ys, s.Outer * s.Length * s.Inner, 0);
        CopyInto(xs, ys, s);
    }

    /// <summary>y[o, start + l, i] = x[o, l, i].</summary>
    public static void CopyInto(Storage xs, Storage ys, in SliceSpec s)
    {
        ReferenceView x = new(xs, s.Count, s.Inner), y = new(ys, s.Length, s.Inner);
        for (int o = 0; o < s.Outer; o++)
            for (int l = 0; l < s.Count; l++)
                for (int i = 0; i < s.Inner; i++) y[o, s.Start + l, i] = x[o, l, i];
    }
}
