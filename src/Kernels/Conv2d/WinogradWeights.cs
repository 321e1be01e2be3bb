namespace Sagan.Native.Kernels;

/// <summary>
/// The weights w [Co,Kh,Kw,Ci] as tiles see them: tap (a, b), a, b &lt; Taps, of source (p, q) is w[o, Y + a Step + p, X + b Step + q, c].
/// Outputs are o and the sum runs over c (and the sources), or the other way round where the convolution is transposed.
/// </summary>
readonly unsafe struct WinogradWeights(float* w, in Conv2dSpec s, int taps, int y, int x, int step, int phases, bool transposed)
{
    // Steps of the sum that are turned together: their taps stay in L2, and rows are read in runs of 1 KB, which the hardware sees coming
    // (32 at a time, 128 bytes: 3.4 ms for 512 x 256 x 4 x 4 weights instead of 1.6).
    const int Depth = 256;

    readonly int co = s.Co, kw = s.Kw, ci = s.Ci, ld = s.Kh * s.Kw * s.Ci;

    /// <summary>Taps along each axis.</summary>
    public readonly int Taps = taps;

    /// <summary>Floats between outputs o.</summary>
    public int Pitch => ld;

    /// <summary>Where the taps of one output and source lie, from tap (0, 0) on.</summary>
    public WinogradOutput Output => new((long)step * kw * ci, (long)step * ci, null, 1, Activation.None);

    /// <summary>Columns of the product.</summary>
    public int Outputs => transposed ? ci : co;

    /// <summary>The length of the sum.</summary>
    public int Inputs => phases * phases * (transposed ? co : ci);

    /// <summary>The first float of tap (a, b) of source (p, q).</summary>
    public int Tap(int a, int b, int source)
    {
        (int p, int q) = Math.DivRem(source, phases);
        return ((y + a * step + p) * kw + x + b * step + q) * ci;
    }

    /// <summary>
    /// u[point][(k - first) lanes + lane] for outputs column + lane, steps k = first .. first+depth-1 of the sum and at most two vectors of
    /// lanes.
    /// </summary>
    public void Transform<V>(int rowPoints, int columnPoints, int column, int first, int depth, float** u) where V : unmanaged, ISimd<V>
    {
        int lanes = 2 * V.Count, count = Math.Min(lanes, Outputs - column);
        float** g = stackalloc float*[9];
        if (transposed)
        {
            // The outputs lie side by side.
            int n = count > V.Count ? lanes : V.Count;
            for (int k = 0; k < depth; k++)
            {
                for (int a = 0; a < Taps; a++)
                    for (int b = 0; b < Taps; b++)
                    {
                        g[3 * a + b] = w + (long)(first + k) * ld + Tap(a, b, 0) + column;
                        if (k + 32 < depth) PackTools.Prefetch(g[3 * a + b] + 32L * ld, n);
                    }
                WinogradTransforms.Values<V>(rowPoints, Taps, columnPoints, Taps, g, u, k * lanes, n);
            }
            return;
        }
        using ScratchScope scratch = ScratchArena.Enter();
        float* turned = scratch.Floats(Taps * Taps * Depth * lanes);
        for (int k = 0; k < depth;)
        {
            (int source, int c) = Math.DivRem(first + k, ci);
            int n = Math.Min(Math.Min(Depth, depth - k), ci - c);
            for (int a = 0; a < Taps; a++)
                for (int b = 0; b < Taps; b++)
                {
                    g[3 * a + b] = turned + (a * Taps + b) * Depth * lanes;
                    PackTools.Transpose(w + (long)column * ld + Tap(a, b, source) + c, ld, count, n, g[3 * a + b], lanes);
                }
            WinogradTransforms.Values<V>(rowPoints, Taps, columnPoints, Taps, g, u, k * lanes, n * lanes);
            k += n;
        }
    }
}
