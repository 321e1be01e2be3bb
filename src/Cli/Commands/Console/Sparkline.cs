namespace Sagan.Native.Commands.Console;

/// <summary>
/// The course of a number over a whole run, as a row of bars. When the row is full, neighbours are averaged, and each bar then stands for
/// twice as many values.
/// </summary>
/// <param name="width">The longest row; even.</param>
sealed class Sparkline(int width)
{
    const string Bars = "▁▂▃▄▅▆▇█";

    readonly List<double> means = [];
    double sum;
    int count, perBar = 1;

    /// <summary>The next value; one that is not finite is passed over.</summary>
    public void Add(double value)
    {
        if (!double.IsFinite(value)) return;
        sum += value;
        if (++count < perBar) return;
        means.Add(sum / count);
        (sum, count) = (0, 0);
        if (means.Count < width) return;
        for (int i = 0; i < width / 2; i++) means[i] = (means[2 * i] + means[2 * i + 1]) / 2;
        means.RemoveRange(width / 2, width - width / 2);
        perBar *= 2;
    }

    /// <summary>The lowest bar is the smallest value, the highest the largest.</summary>
    public override string ToString()
    {
        if (means.Count == 0) return "";
        (double low, double high) = (means.Min(), means.Max());
        return string.Concat(means.Select(m =>
            Bars[high > low ? (int)Math.Min(Bars.Length - 1, Bars.Length * (m - low) / (high - low)) : 0]));
    }
}
