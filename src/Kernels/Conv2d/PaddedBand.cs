using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// How the rows of an image that some output rows of a convolution look at are copied into a buffer with the padding as zeros around them,
/// so that every window is Kh rows of Kw Ci contiguous floats and no tile has to know of borders.
/// </summary>
readonly struct PaddedBand(Conv2dSpec s)
{
    // A tile may read this many windows or taps more than there are.
    const int Slack = 16;

    /// <summary>Floats from one row of the buffer to the next.</summary>
    public int Pitch { get; } = ((Math.Max(s.OutW, Slack) - 1) * s.Stride + s.Kw) * s.Ci + Slack + 15 & ~15;

    /// <summary>Floats of the rows of a band.</summary>
    public long Size(int outputRows) => (long)Rows(outputRows) * Pitch + Slack;

    int Rows(int outputRows) => (outputRows - 1) * s.Stride + s.Kh;

    /// <summary>Copies what output rows i0 .. i0+count-1 of an image look at. A job's own buffer: whole vectors are written.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public unsafe void Copy<V>(float* image, int i0, int count, float* band) where V : unmanaged, ISimd<V>
    {
        int left = s.Padding * s.Ci, width = Math.Clamp(s.W * s.Ci, 0, Math.Max(Pitch - Slack - left, 0));
        for (int r = 0; r < Rows(count); r++, band += Pitch)
        {
            int h = i0 * s.Stride - s.Padding + r;
            bool inside = (uint)h < (uint)s.H && width > 0;
            // Ascending: what a vector writes too much is overwritten by what follows, and past the end lies the next row, or the slack.
            PackTools.Zero<V>(band, inside ? left : Pitch);
            if (!inside) continue;
            PackTools.Copy<V>(image + (long)h * s.W * s.Ci, band + left, width);
            PackTools.Zero<V>(band + left + width, Pitch - left - width);
        }
    }
}
