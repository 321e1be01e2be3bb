namespace Sagan.Native.Inspection;

/// <summary>Pixels whose maps are worth a look.</summary>
public static class QueryPoints
{
    // Candidates on each side: more tell nothing new, since neighbours read alike.
    const int MostOnASide = 16;

    /// <summary>
    /// The pixels with the most different maps: first the one whose map is farthest from the mean map, then each time the one whose map is
    /// farthest from the nearest of those chosen. The distance is the total variation, half the sum of |a - b|: the share of its attention
    /// that one query spends elsewhere. Of equally far ones the first; the same samples give the same points.
    /// </summary>
    /// <param name="attention">What the layer computed.</param>
    /// <param name="sample">0 to N - 1.</param>
    /// <param name="count">How many.</param>
    /// <param name="head">Which head's maps; null: their mean.</param>
    /// <returns>Row Size + column of each, at most as many as there are pixels.</returns>
    public static int[] MostDifferent(CapturedAttention attention, int sample, int count, int? head = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int[] candidates = Candidates(attention.Layer.Size);
        float[][] maps = [.. candidates.Select(q => attention.Map(sample, head, q))];
        float[] mean = [.. Enumerable.Range(0, maps[0].Length).Select(j => maps.Average(m => m[j]))];
        double[] nearest = [.. maps.Select(m => Distance(m, mean))];
        List<int> chosen = [];
        while (chosen.Count < Math.Min(count, candidates.Length))
        {
            int next = -1;
            for (int i = 0; i < candidates.Length; i++)
                if (!chosen.Contains(i) && (next < 0 || nearest[i] > nearest[next])) next = i;
            for (int i = 0; i < candidates.Length; i++)
            {
                double d = Distance(maps[i], maps[next]);
                nearest[i] = chosen.Count == 0 ? d : Math.Min(nearest[i], d);
            }
            chosen.Add(next);
        }
        return [.. chosen.Select(i => candidates[i])];
    }

    /// <summary>Total variation: half the sum of |a - b|, from 0 to 1.</summary>
    public static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += Math.Abs((double)a[i] - b[i]);
        return sum / 2;
    }

    // The middle pixels of a grid of at most 16 x 16 squares.
    static int[] Candidates(int size)
    {
        int step = (size + MostOnASide - 1) / MostOnASide;
        int[] places = [.. Enumerable.Range(0, size / step).Select(i => i * step + step / 2)];
        return [.. places.SelectMany(y => places.Select(x => y * size + x))];
    }
}
