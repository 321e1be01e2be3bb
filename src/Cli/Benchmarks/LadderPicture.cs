using System.Globalization;
using System.Xml.Linq;
using Sagan.Native.Ladder;

namespace Sagan.Native.Benchmarks;

/// <summary>The rungs of a ladder as bars: how much of the roof each reaches, on a logarithmic scale, and its time beside it.</summary>
static class LadderPicture
{
    const double Width = 900, Left = 150, Right = Width - 190, Top = 70, Rung = 34, Bar = 20;

    public static XElement Svg(string title, string roofs, IReadOnlyList<RungTiming> timings)
    {
        double bottom = Top + Rung * timings.Count;
        // Decades down to the slowest rung; the roof is 100 %, and what comes out of a cache may pass it.
        double low = Math.Pow(10, Math.Floor(Math.Log10(timings.Min(t => t.PercentOfRoof)))), high = Math.Max(100,
            timings.Max(t => t.PercentOfRoof));
        double X(double percent) => Left + Math.Log(percent / low) / Math.Log(high / low) * (Right - Left);

        SvgPicture svg = new(Width, bottom + 40, title);
        svg.Text(16, 26, title, ("font-size", 13), ("font-weight", "bold"));
        for (double p = low; p <= high; p *= 10)
        {
            svg.Line(X(p), Top - 6, X(p), bottom, SvgPicture.Faint);
            svg.Text(X(p), Top - 12, string.Create(CultureInfo.InvariantCulture, $"{p:0.####} %"), ("text-anchor", "middle"));
        }
        if (high > 100) svg.Line(X(100), Top - 6, X(100), bottom, SvgPicture.Ink);
        for (int i = 0; i < timings.Count; i++)
        {
            RungTiming t = timings[i];
            double y = Top + i * Rung;
            svg.Text(Left - 10, y + 15, t.Rung.Name, ("font-size", 13), ("text-anchor", "end"));
            SvgPicture.Tip(svg.Add("rect", ("x", Left), ("y", y), ("width", Math.Max(2, X(t.PercentOfRoof) - Left)), ("height", Bar),
                ("fill", i == timings.Count - 1 ? "#1a7f37" : "#0969da")), t.Rung.Adds);
            string gain = t.Gain is { } g ? string.Create(CultureInfo.InvariantCulture, $", {g:0.00}x") : "";
            svg.Text(Right + 12, y + 15, string.Create(CultureInfo.InvariantCulture, $"{1e3 * t.Warm.Median:0.000} ms{gain}"),
                ("font-size", 13));
        }
        svg.Text(Left, bottom + 26, $"share of the roof that binds: multiply-adds in registers, or memory ({roofs})");
        return svg.Root;
    }
}
