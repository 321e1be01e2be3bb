namespace Sagan.Native.Metrics;

/// <summary>Distances to the nearest neighbours within a set.</summary>
static class NearestNeighbours
{
    /// <summary>
    /// For each row the squared distance to its k-th nearest other row, for k = 1 .. <paramref name="most"/>: element row * most + k - 1.
    /// Equal rows are neighbours at distance 0; only the row itself is left out.
    /// </summary>
    public static float[] SquaredDistances(Features set, int most, int tile = Pairs.Tile)
    {
        if (set.Count <= most) throw new MetricException($"nearest neighbours: {Features.Images(set.Count)} in a set; at least {most + 1} "
            + "are needed.");
        float[] nearest = new float[(long)set.Count * most];
        Array.Fill(nearest, float.PositiveInfinity);
        Pairs.Visit<float, SquaredDistance>(set.Values, set.Values, set.Width, (row, first, distances) =>
        {
            Span<float> best = nearest.AsSpan(row * most, most);
            for (int j = 0; j < distances.Length; j++)
                if (distances[j] < best[^1] && first + j != row) Insert(best, distances[j]);
        }, tile);
        return nearest;
    }

    // Into an ascending list, whose last element drops out.
    static void Insert(Span<float> list, float x)
    {
        int i = list.Length - 1;
        for (; i > 0 && list[i - 1] > x; i--) list[i] = list[i - 1];
        list[i] = x;
    }
}
