namespace Sagan.Native.Configuration;

/// <summary>The "did you mean" of errors about unknown names.</summary>
static class NearestName
{
    /// <summary>" Did you mean X?" for the candidate closest to what was typed, or nothing where none is close.</summary>
    public static string Suggestion(string typed, IEnumerable<string> candidates)
    {
        string? best = Find(typed, candidates);
        return best == null ? "" : $" Did you mean {best}?";
    }

    /// <summary>
    /// The closest candidate, where at most a third of its letters differ. Of a dotted path the last part alone counts too.
    /// </summary>
    public static string? Find(string typed, IEnumerable<string> candidates)
    {
        if (typed.Length > 100) return null;
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int d = Distance(typed, candidate);
            if (!typed.Contains('.')) d = Math.Min(d, Distance(typed, candidate[(candidate.LastIndexOf('.') + 1)..]));
            if (d < bestDistance) (best, bestDistance) = (candidate, d);
        }
        return bestDistance <= Math.Max(1, typed.Length / 3) ? best : null;
    }

    /// <summary>Levenshtein distance, case ignored, a swap of neighbours counting as one.</summary>
    static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
            for (int j = 1; j <= b.Length; j++)
            {
                int change = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        return d[a.Length, b.Length];

        static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
    }
}
