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
