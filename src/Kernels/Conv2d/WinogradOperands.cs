namespace Sagan.Native.Kernels;

/// <summary>
/// The inputs of tiles: images x [N,H,W,C], of which source (p, q), p, q &lt; Phases, has pixel (i, j) =
/// x[n, i Step + OriginY + p, j Step + OriginX + q], 0 outside. A convolution of stride 2 whose kernel has 4 rows and columns is the sum
/// of four of stride 1 and 2 rows and columns, each on a source of its own.
/// </summary>
readonly unsafe struct WinogradPixels(float* x, int h, int w, int c, int step, int originY, int originX, int phases)
{
    /// <summary>C.</summary>
    public readonly int Channels = c;

    /// <summary>Phases^2.</summary>
    public int Sources => phases * phases;

    /// <summary>
    /// v[point][t pitch + source C + channel] for tiles t = first .. last-1; up to V.Count-1 floats more are written behind the last.
    /// </summary>
    public void Transform<V>(WinogradTile* tiles, int first, int last, float** v, nint pitch) where V : unmanaged, ISimd<V>
    {
        using ScratchScope scratch = ScratchArena.Enter();
        float* zeros = scratch.Floats(Channels);
        new Span<float>(zeros, Channels).Clear();
        float** d = stackalloc float*[16], next = stackalloc float*[16];
        // What the next transform reads is on its way to the cache meanwhile.
        if (first < last) Find(tiles[first], 0, zeros, next);
        for (int t = first; t < last; t++)
            for (int source = 0; source < Sources; source++)
            {
                float** swap = d;
                d = next;
                next = swap;
                if (source + 1 < Sources) Find(tiles[t], source + 1, zeros, next);
                else if (t + 1 < last) Find(tiles[t + 1], 0, zeros, next);
                for (int i = 0; i < 16; i++) PackTools.Prefetch(next[i], Channels);
                WinogradTransforms.Input<V>(tiles[t].RowPoints, tiles[t].ColumnPoints, d, v, t * pitch + source * Channels, Channels);
            }
    }

    /// <summary>v[point][t lanes + lane] of the channels c .. c+n-1 of one source, for tiles t = 0 .. count-1.</summary>
    public void TransformLanes<V>(WinogradTile* tiles, int count, int source, int c, int n, float** v, nint lanes)
        where V : unmanaged, ISimd<V>
    {
        using ScratchScope scratch = ScratchArena.Enter();
        float* zeros = scratch.Floats(Channels);
        new Span<float>(zeros, Channels).Clear();
        float** d = stackalloc float*[16];
        for (int t = 0; t < count; t++)
        {
            Find(tiles[t], source, zeros, d);
            for (int i = 0; i < 16; i++) d[i] += c;
            WinogradTransforms.Input<V>(tiles[t].RowPoints, tiles[t].ColumnPoints, d, v, t * lanes, n);
        }
    }

    // The pixels of a tile of one source; for those outside, zeros.
    void Find(in WinogradTile tile, int source, float* zeros, float** d)
    {
        (int p, int q) = Math.DivRem(source, phases);
        int y = tile.Row * step + originY + p, left = tile.Column * step + originX + q;
        float* image = x + (long)tile.Image * h * w * Channels;
        for (int i = 0; i < 4; i++, y += step)
        {
            float* row = image + (long)y * w * Channels;
            bool inside = (uint)y < (uint)h;
            for (int j = 0, column = left; j < 4; j++, column += step)
                d[4 * i + j] = inside && (uint)column < (uint)w ? row + (long)column * Channels : zeros;
        }
    }
}

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

/// <summary>Where outputs lie: that of row i and column j of image n at y + n image + i row + j column.</summary>
readonly unsafe struct WinogradImages(float* y, long image, long row, long column)
{
    /// <summary>Floats from one output to the one below it, and beside it.</summary>
    public readonly long Row = row, Column = column;

    /// <summary>The first output of a tile.</summary>
    public float* At(in WinogradTile tile) => y + tile.Image * image + tile.Row * Row + tile.Column * Column;
}
