using System.Globalization;
using System.Xml.Linq;

namespace Sagan.Native.Benchmarks;

/// <summary>A picture of lines, rectangles and text, as SVG, on white; lengths are rounded to a tenth.</summary>
sealed class SvgPicture
{
    /// <summary>Of lines and text; of the lines of a grid.</summary>
    public const string Ink = "#24292f", Faint = "#d8dee4";

    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="title">What it shows, for those who do not see it.</param>
    public SvgPicture(double width, double height, string title)
    {
        Root = Element("svg", ("width", width), ("height", height),
            ("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {width} {height}")),
            ("role", "img"), ("aria-label", title), ("font-family", "sans-serif"), ("font-size", 12), ("fill", Ink));
        Add("rect", ("width", width), ("height", height), ("rx", 8), ("fill", "white"));
    }

    /// <summary>The picture.</summary>
    public XElement Root { get; }

    /// <summary>Adds an element, and returns it.</summary>
    public XElement Add(string name, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        XElement e = Element(name, attributes);
        Root.Add(e);
        return e;
    }

    /// <summary>Adds what the mouse says of an element.</summary>
    public static void Tip(XElement element, string text)
    {
        XElement tip = Element("title");
        tip.Value = text;
        element.Add(tip);
    }

    public void Line(double ax, double ay, double bx, double by, string colour) =>
        Add("line", ("x1", ax), ("y1", ay), ("x2", bx), ("y2", by), ("stroke", colour));

    public void Text(double x, double y, string text, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        XElement e = Add("text", attributes);
        e.SetAttributeValue("x", Math.Round(x, 1));
        e.SetAttributeValue("y", Math.Round(y, 1));
        e.Value = text;
    }

    static XElement Element(string name, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        XNamespace ns = "http://www.w3.org/2000/svg";
        XElement e = new(ns + name);
        foreach ((string key, object value) in attributes)
            e.SetAttributeValue(key, value is double d ? Math.Round(d, 1) : value);
        return e;
    }
}
