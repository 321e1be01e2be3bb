using System.Globalization;
using System.Xml.Linq;
using Sagan.Native.Ladder;

namespace Sagan.Native.Benchmarks;

/// <summary>The rungs of a ladder as bars: how much of the roof each reaches, on a logarithmic scale, and its time beside it.</summary>
static class LadderPicture
{
    const double Width = 900, Left = 150, Right = Width - 190, Top = 70, Line = 34, Bar = 20;

    public static XElement Svg(string title, IReadOnlyList<RungTiming> timings)
    {
        XNamespace ns = "http://www.w3.org/2000/svg";
        double height = Top + Line * timings.Count + 40;
        // Decades down to the slowest rung; the roof is 100 %, and what comes out of a cache may pass it.
        double low = Math.Pow(10, Math.Floor(Math.Log10(timings.Min(t => t.PercentOfRoof)))), high = Math.Max(100,
            timings.Max(t => t.PercentOfRoof));
        double X(double percent) => Left + Math.Log(percent / low) / Math.Log(high / low) * (Right - Left);

        XElement svg = new(ns + "svg", new XAttribute("width", Width), new XAttribute("height", height),
            new XAttribute("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Width} {height}")), new XAttribute("role", "img"),
            new XAttribute("aria-label", title), new XAttribute("font-family", "sans-serif"), new XAttribute("font-size", 13));
        svg.Add(new XElement(ns + "rect", new XAttribute("width", "100%"), new XAttribute("height", "100%"),
            new XAttribute("fill", "white")));
        Text(16, 26, title, ("font-weight", "bold"));
        for (double p = low; p <= high; p *= 10)
        {
            Rule(X(p), "#d8dee4");
            Text(X(p), Top - 12, string.Create(CultureInfo.InvariantCulture, $"{p:0.####} %"), ("text-anchor", "middle"));
        }
        if (high > 100) Rule(X(100), "#24292f");
        for (int i = 0; i < timings.Count; i++)
        {
            RungTiming t = timings[i];
            double y = Top + i * Line;
            Text(Left - 10, y + 15, t.Rung.Name, ("text-anchor", "end"));
            svg.Add(new XElement(ns + "rect", Number("x", Left), Number("y", y), Number("width", Math.Max(2, X(t.PercentOfRoof) - Left)),
                Number("height", Bar), new XAttribute("fill", i == timings.Count - 1 ? "#1a7f37" : "#0969da"),
                new XElement(ns + "title", t.Rung.Adds)));
            string gain = t.Gain is { } g ? string.Create(CultureInfo.InvariantCulture, $", {g:0.00}x") : "";
            Text(Right + 12, y + 15, string.Create(CultureInfo.InvariantCulture, $"{1e3 * t.Warm.Median:0.000} ms{gain}"));
        }
        Text(Left, height - 14, "share of the roof that binds: multiply-adds in registers, or memory");
        return svg;

        void Rule(double x, string colour) => svg.Add(new XElement(ns + "line", Number("x1", x), Number("x2", x), Number("y1", Top - 6),
            Number("y2", Top + Line * timings.Count), new XAttribute("stroke", colour)));

        void Text(double x, double y, string text, params ReadOnlySpan<(string Name, string Value)> attributes)
        {
            XElement e = new(ns + "text", Number("x", x), Number("y", y), new XAttribute("fill", "#24292f"), text);
            foreach ((string name, string value) in attributes) e.SetAttributeValue(name, value);
            svg.Add(e);
        }

        static XAttribute Number(string name, double value) => new(name, Math.Round(value, 1));
    }
}
