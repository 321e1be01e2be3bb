using Sagan.Native.Modules;

namespace Sagan.Native.Inspection;

/// <summary>
/// What one attention layer computed of some samples: q, k and gamma, as the forward pass had them. Maps are computed from them when they
/// are asked for, a row of A = softmax_j(scale q k^T) at a time: no N x M matrix is kept.
/// </summary>
public sealed class CapturedAttention
{
    internal CapturedAttention(AttentionLayer layer, int count, float scale, float gamma, float[] q, float[] k) =>
        (Layer, Count, Scale, Gamma, Q, K) = (layer, count, scale, gamma, q, k);

    internal CapturedAttention(AttentionLayer layer, AttentionParts parts)
        : this(layer, parts.X.Shape[0], parts.Scale, layer.Gamma, parts.Q.ToArray(), parts.K.ToArray())
    {
    }

    /// <summary>The layer.</summary>
    public AttentionLayer Layer { get; }

    /// <summary>Number of samples, N.</summary>
    public int Count { get; }

    /// <summary>dk of one head.</summary>
    public int KeyWidth => Layer.KeyWidth;

    /// <summary>What q k^T is multiplied by.</summary>
    public float Scale { get; }

    /// <summary>The weight of the branch.</summary>
    public float Gamma { get; }

    /// <summary>Queries.  [N, heads, Size^2, dk]</summary>
    public float[] Q { get; }

    /// <summary>Keys.  [N, heads, M, dk]</summary>
    public float[] K { get; }

    /// <summary>Row i of A: how much query i reads of each key. The sum is 1.  [M]</summary>
    /// <param name="sample">0 to N - 1.</param>
    /// <param name="head">0 to heads - 1.</param>
    /// <param name="query">Row Size + column.</param>
    public float[] Row(int sample, int head, int query)
    {
        Within(sample, Count, nameof(sample));
        Within(head, Layer.Heads, nameof(head));
        Within(query, Layer.Size * Layer.Size, nameof(query));
        int part = sample * Layer.Heads + head, keys = Layer.Keys;
        ReadOnlySpan<float> q = Q.AsSpan((part * Layer.Size * Layer.Size + query) * KeyWidth, KeyWidth),
            k = K.AsSpan(part * keys * KeyWidth, keys * KeyWidth);
        double[] e = new double[keys];
        for (int j = 0; j < keys; j++)
        {
            double dot = 0;
            for (int c = 0; c < KeyWidth; c++) dot += (double)q[c] * k[j * KeyWidth + c];
            e[j] = Scale * dot;
        }
        if (Layer.TopK > 0 && Layer.TopK < keys) KeepLargest(e, Layer.TopK);
        double most = e.Max(), sum = 0;
        for (int j = 0; j < keys; j++) sum += e[j] = Math.Exp(e[j] - most);
        return [.. e.Select(w => (float)(w / sum))];
    }

    /// <summary>
    /// The row on the layer's pixels: the weight of a pooled key is spread evenly over its pixels, and scales are added, so that the sum
    /// stays 1. Pixels that pooling leaves out at the edge have 0.  [Size, Size]
    /// </summary>
    /// <param name="sample">0 to N - 1.</param>
    /// <param name="head">0 to heads - 1; null: the mean of all heads.</param>
    /// <param name="query">Row Size + column.</param>
    public float[] Map(int sample, int? head, int query)
    {
        int size = Layer.Size;
        double[] map = new double[size * size];
        (int first, int count) = head is { } one ? (one, 1) : (0, Layer.Heads);
        for (int h = first; h < first + count; h++)
        {
            float[] row = Row(sample, h, query);
            int j = 0;
            foreach (int s in Layer.Scales)
                for (int y = 0; y < size / s; y++)
                    for (int x = 0; x < size / s; x++, j++)
                        for (int i = 0; i < s * s; i++)
                            map[(y * s + i / s) * size + x * s + i % s] += (double)row[j] / (s * s * count);
        }
        return [.. map.Select(w => (float)w)];
    }

    /// <summary>The pixels of key j: those of a square from this row and column on.</summary>
    public (int Row, int Column, int Size) KeyPixels(int key)
    {
        Within(key, Layer.Keys, nameof(key));
        int j = key;
        foreach (int s in Layer.Scales)
        {
            int side = Layer.Size / s;
            if (j < side * side) return (j / side * s, j % side * s, s);
            j -= side * side;
        }
        throw new InvalidOperationException($"key {key} of {Layer.Keys} is in no scale.");
    }

    // Of equally large ones the first.
    static void KeepLargest(double[] e, int most)
    {
        int[] order = [.. Enumerable.Range(0, e.Length).OrderByDescending(j => e[j]).ThenBy(j => j)];
        foreach (int j in order[most..]) e[j] = double.NegativeInfinity;
    }

    static void Within(int value, int end, string name)
    {
        if (value < 0 || value >= end) throw new ArgumentOutOfRangeException(name, value, $"{name} must be 0 to {end - 1}.");
    }
}
