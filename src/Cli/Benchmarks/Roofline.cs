using System.Globalization;
using System.Xml.Linq;
using Sagan.Native.Measuring;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// Kernels beneath the roofs of the device: arithmetic intensity I (flops for each byte that must be moved) against GFLOP/s, both
/// logarithmic. No kernel whose operands come from memory is above min(peak, bandwidth I). Kernels that count no flops have no intensity:
/// they are in a strip of their own at the left edge, as far beneath the roof there as they are from the bandwidth. Source: Williams,
/// Waterman and Patterson 2009.
/// </summary>
sealed class Roofline
{
    const double Width = 1200, Left = 70, StripRight = 230, Right = Width - 40, Top = 60, Bottom = 600;
    const double LegendTop = Bottom + 80, LegendLine = 16, LegendColumns = 2, Radius = 3.5, DigitWidth = 6.5, LabelHeight = 10;

    static readonly (KernelFamily Family, string Name, string Colour)[] Families =
    [
        (KernelFamily.Convolution, "convolutions", "#0969da"),
        (KernelFamily.Attention, "attention", "#bc4c00"),
        (KernelFamily.Product, "matrix products", "#8250df"),
        (KernelFamily.Normalisation, "normalisation", "#1a7f37"),
        (KernelFamily.Elementwise, "elementwise and others", "#bf3989"),
    ];

    readonly MachinePeak peak;
    readonly double x0, x1, y0, y1;
    readonly SvgPicture svg;
    // What labels must not cover: points and other labels.
    readonly List<(double X, double Y, double W, double H)> taken = [];

    /// <summary>The picture.</summary>
    public static XElement Svg(string title, MachinePeak peak, IReadOnlyList<KernelTiming> timings) =>
        new Roofline(title, peak, timings).svg.Root;

    Roofline(string title, MachinePeak peak, IReadOnlyList<KernelTiming> timings)
    {
        this.peak = peak;
        double ridge = peak.GflopsPerSecond / peak.GigabytesPerSecond;
        double[] intensities = [ridge, .. timings.Where(t => t.Case.Flops > 0).Select(Intensity)];
        (x0, x1) = (DecadeBelow(intensities.Min()), DecadeAbove(2 * intensities.Max()));
        double[] heights = [peak.GflopsPerSecond, peak.GigabytesPerSecond * x0, .. timings.Select(Height)];
        (y0, y1) = (DecadeBelow(heights.Min()), DecadeAbove(1.2 * heights.Max()));
        double height = LegendTop + LegendLine * Math.Ceiling(timings.Count / LegendColumns) + 30;
        svg = new SvgPicture(Width, height, title);
        svg.Text(Left, 30, title, ("font-size", 16), ("font-weight", "bold"));
        Axes();
        Roofs(ridge);
        (double X, double Y)[] places = Places(timings);
        foreach ((double x, double y) in places) taken.Add((x - Radius, y - Radius, 2 * Radius, 2 * Radius));
        for (int i = 0; i < timings.Count; i++) Point(i + 1, timings[i], places[i]);
        Legend(timings);
    }

    static double Intensity(KernelTiming t) => t.Case.Flops / t.Case.Bytes;

    /// <summary>GFLOP/s; in the strip, what the bandwidth would be at its edge.</summary>
    double Height(KernelTiming t) => t.Case.Flops > 0 ? t.GflopsPerSecond : t.GigabytesPerSecond * x0;

    static double DecadeBelow(double v) => Math.Pow(10, Math.Floor(Math.Log10(v)));

    static double DecadeAbove(double v) => Math.Pow(10, Math.Ceiling(Math.Log10(v)));

    double X(double intensity) => StripRight + Math.Log(intensity / x0) / Math.Log(x1 / x0) * (Right - StripRight);

    double Y(double gflops) => Bottom - Math.Log(gflops / y0) / Math.Log(y1 / y0) * (Bottom - Top);

    void Axes()
    {
        foreach (double v in Decades(x0, x1))
        {
            svg.Line(X(v), Top, X(v), Bottom, SvgPicture.Faint);
            svg.Text(X(v), Bottom + 20, Number(v), ("text-anchor", "middle"));
        }
        foreach (double v in Decades(y0, y1))
        {
            svg.Line(Left, Y(v), Right, Y(v), SvgPicture.Faint);
            svg.Text(Left - 8, Y(v) + 4, Number(v), ("text-anchor", "end"));
        }
        svg.Line(Left, Top, Left, Bottom, SvgPicture.Ink);
        svg.Line(Left, Bottom, Right, Bottom, SvgPicture.Ink);
        svg.Add("line", ("x1", StripRight), ("y1", Top), ("x2", StripRight), ("y2", Bottom), ("stroke", SvgPicture.Ink),
            ("stroke-dasharray", "2 4"));
        svg.Text((Left + StripRight) / 2, Bottom + 44, "counted in bytes only", ("text-anchor", "middle"));
        const string intensity = "arithmetic intensity, flops for each byte of operands and results (operands in a cache: above the roof "
            + "of memory)";
        svg.Text((StripRight + Right) / 2, Bottom + 44, intensity, ("text-anchor", "middle"));
        string upwards = string.Create(CultureInfo.InvariantCulture, $"translate(20 {(Top + Bottom) / 2}) rotate(-90)");
        svg.Text(0, 0, "GFLOP/s", ("text-anchor", "middle"), ("transform", upwards));
    }

    void Roofs(double ridge)
    {
        double edge = Y(peak.GigabytesPerSecond * x0), top = Y(peak.GflopsPerSecond);
        string path = string.Create(CultureInfo.InvariantCulture, $"M{Left} {edge:0.0}H{StripRight}L{X(ridge):0.0} {top:0.0}H{Right}");
        svg.Add("path", ("d", path), ("fill", "none"), ("stroke", SvgPicture.Ink), ("stroke-width", 2));
        svg.Text(Right - 4, top - 7, $"{Number(peak.GflopsPerSecond)} GFLOP/s, multiply-adds in registers", ("text-anchor", "end"));
        svg.Text(Left + 6, edge - 7, $"{Number(peak.GigabytesPerSecond)} GB/s, memory");
    }

    (double X, double Y)[] Places(IReadOnlyList<KernelTiming> timings)
    {
        int bytesOnly = timings.Count(t => t.Case.Flops == 0), k = 0;
        return [.. timings.Select(t =>
            (t.Case.Flops > 0 ? X(Intensity(t)) : Left + (k++ + 0.5) / bytesOnly * (StripRight - Left), Y(Height(t))))];
    }

    void Point(int number, KernelTiming t, (double X, double Y) at)
    {
        string colour = Colour(t), label = number.ToString(CultureInfo.InvariantCulture);
        double width = DigitWidth * label.Length;
        (double x, double y) = LabelPlace(at, width);
        if (Math.Abs(y - at.Y) > 2 * LabelHeight || Math.Abs(x - at.X) > 2 * LabelHeight + width)
            svg.Line(at.X, at.Y, x + width / 2, y + LabelHeight / 2, colour);
        SvgPicture.Tip(svg.Add("circle", ("cx", at.X), ("cy", at.Y), ("r", Radius), ("fill", colour)), $"{t.Case.Name}: {Figures(t)}");
        svg.Text(x, y + LabelHeight, label, ("font-size", 11), ("fill", colour));
    }

    // The upper left corner of a free place, the nearer the better.
    (double X, double Y) LabelPlace((double X, double Y) at, double w)
    {
        for (double r = Radius + 2; r < 120; r += 4)
            for (int i = 0; i < 16; i++)
            {
                // To the right first, then further round.
                (double sin, double cos) = Math.SinCos((i + 1) / 2 * (i % 2 == 0 ? 1 : -1) * Math.PI / 8);
                (double x, double y) = (at.X + (r + w / 2) * cos - w / 2, at.Y + (r + LabelHeight / 2) * sin - LabelHeight / 2);
                if (x < Left || x + w > Right || y < Top || y + LabelHeight > Bottom) continue;
                if (taken.Exists(o => x < o.X + o.W && o.X < x + w && y < o.Y + o.H && o.Y < y + LabelHeight)) continue;
                taken.Add((x, y, w, LabelHeight));
                return (x, y);
            }
        return (at.X + Radius, at.Y);
    }

    void Legend(IReadOnlyList<KernelTiming> timings)
    {
        double x = StripRight;
        foreach ((KernelFamily family, string name, string colour) in Families.Where(f => timings.Any(t => t.Case.Family == f.Family)))
        {
            svg.Add("rect", ("x", x), ("y", 43), ("width", 9), ("height", 9), ("fill", colour));
            svg.Text(x + 14, 52, name);
            x += 150;
        }
        double column = (Right - Left) / LegendColumns;
        int lines = (int)Math.Ceiling(timings.Count / LegendColumns);
        for (int i = 0; i < timings.Count; i++)
        {
            (double left, double y) = (Left + i / lines * column, LegendTop + i % lines * LegendLine);
            svg.Text(left, y, (i + 1).ToString(CultureInfo.InvariantCulture), ("font-size", 11), ("text-anchor", "end"),
                ("fill", Colour(timings[i])));
            svg.Text(left + 8, y, timings[i].Case.Name, ("font-size", 11));
            svg.Text(left + column - 40, y, Figures(timings[i]), ("font-size", 11), ("text-anchor", "end"));
        }
    }

    static string Colour(KernelTiming t) => Families.First(f => f.Family == t.Case.Family).Colour;

    static string Figures(KernelTiming t)
    {
        string speed = t.Case.Flops > 0 ? $"{Number(t.GflopsPerSecond)} GFLOP/s" : $"{Number(t.GigabytesPerSecond)} GB/s";
        return string.Create(CultureInfo.InvariantCulture, $"{speed}, {t.PercentOfPeak:0} %");
    }

    static string Number(double v) =>
        v.ToString(v >= 100 ? "0" : v >= 10 ? "0.#" : v >= 1 ? "0.##" : "0.####", CultureInfo.InvariantCulture);

    static IEnumerable<double> Decades(double low, double high)
    {
        for (int e = (int)Math.Round(Math.Log10(low)); e <= (int)Math.Round(Math.Log10(high)); e++) yield return Math.Pow(10, e);
    }
}
