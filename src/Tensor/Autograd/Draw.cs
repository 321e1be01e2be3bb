using System.Globalization;
using System.Text;
using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Autograd
{
    /// <summary>
    /// The tape behind y as a picture: a box for each recorded operation with the shape of what it made, a round one for each leaf, arrows
    /// from operands to results. Gradients flow against the arrows. Constants are on no tape and in no picture. The same computation gives
    /// the same text.
    /// </summary>
    /// <param name="y">Any tracked tensor, usually a loss.</param>
    /// <param name="names">What tensors are called; a parameter's own name is known.</param>
    /// <example><code>File.WriteAllText("tape.svg", Autograd.Draw(loss, ("x", x), ("w", w)).Svg);</code></example>
    public static TapeDrawing Draw(Tensor y, params ReadOnlySpan<(string Name, Tensor Tensor)> names)
    {
        if (y.Node == null)
            throw new InvalidOperationException("draw: y is not tracked: nothing it was computed from is a parameter or came from "
                + "RequireGrad, or recording was off, or it was returned from a step, whose graph ended with it.");
        Dictionary<Node, string> known = [];
        foreach ((string name, Tensor t) in names)
            if (t.Node is { } node) known[node] = name;
        return new TapeDrawing(y.Node, known);
    }

    /// <summary>As the other one, with the names of a module's parameters: <c>Autograd.Draw(loss, net.State())</c>.</summary>
    public static TapeDrawing Draw(Tensor y, IEnumerable<(string Name, Parameter Parameter)> names) =>
        Draw(y, [.. names.Select(n => (n.Name, n.Parameter.Value))]);
}

/// <summary>A tape as SVG and as Mermaid text: <see cref="Autograd.Draw(Tensor, ReadOnlySpan{ValueTuple{string, Tensor}})"/>.</summary>
public sealed class TapeDrawing
{
    const double Row = 62, BoxHeight = 36, Gap = 14, Margin = 12, Letter = 6.6;

    readonly Box[] boxes;
    readonly Node y;

    internal TapeDrawing(Node y, Dictionary<Node, string> names)
    {
        this.y = y;
        boxes = Layout(y, names);
        (Svg, Mermaid) = (ToSvg(), ToMermaid());
    }

    /// <summary>A picture, readable on light and dark pages.</summary>
    public string Svg { get; }

    /// <summary>Text that Mermaid draws, in a Markdown page for example.</summary>
    public string Mermaid { get; }

    /// <summary>The text for Mermaid.</summary>
    public override string ToString() => Mermaid;

    // A node, or (Node null) a place where an arrow that skips a layer passes.
    sealed class Box(Node? node, int layer, string label = "")
    {
        public Node? Node => node;
        public string Label => label;
        public int Layer { get; } = layer;
        public double X;
        public readonly List<Box> Inputs = [];
        public readonly List<Box> Users = [];

        public double Width => node == null ? 4 : Math.Max(label.Length, node.Shape.ToString().Length) * Letter + 16;
    }

    // In the order in which they were recorded.
    static Box[] Layout(Node y, Dictionary<Node, string> names)
    {
        HashSet<Node> seen = [y];
        Stack<Node> work = new([y]);
        while (work.TryPop(out Node? n))
            foreach (Node? input in n.Inputs)
                if (input != null && seen.Add(input)) work.Push(input);
        Node[] nodes = [.. seen.OrderBy(n => n.Id)];

        // Layer 0 is y; what another reads lies above it, as near as it can.
        Dictionary<Node, int> layer = nodes.ToDictionary(n => n, _ => 0);
        foreach (Node n in nodes.Reverse())
            foreach (Node? input in n.Inputs)
                if (input != null) layer[input] = Math.Max(layer[input], layer[n] + 1);

        Dictionary<Node, Box> box = nodes.ToDictionary(n => n, n => new Box(n, layer[n], Label(n, names)));
        List<Box> all = [.. nodes.Select(n => box[n])];
        foreach (Node n in nodes)
            foreach (Node input in n.Inputs.OfType<Node>().Distinct())
            {
                Box from = box[n];
                for (int l = layer[n] + 1; l < layer[input]; l++)
                {
                    Box way = new(null, l);
                    Join(from, way);
                    all.Add(from = way);
                }
                Join(from, box[input]);
            }
        Place(all);
        return [.. all];

        static void Join(Box user, Box input)
        {
            user.Inputs.Add(input);
            input.Users.Add(user);
        }
    }

    static string Label(Node n, Dictionary<Node, string> names) =>
        names.TryGetValue(n, out string? name) ? n is LeafNode ? name : $"{name} = {n.Op}"
        : n is LeafNode leaf ? leaf.Name ?? "leaf" : n.Op;

    // Layer by layer from y: boxes stand in the order of the means of those that read them, and around their mean.
    static void Place(List<Box> all)
    {
        foreach (IGrouping<int, Box> row in all.GroupBy(b => b.Layer).OrderBy(g => g.Key))
        {
            Box[] ordered = [.. row.OrderBy(Wanted)];
            double width = ordered.Sum(b => b.Width) + Gap * (ordered.Length - 1), x = Centre(ordered) - width / 2;
            foreach (Box b in ordered)
            {
                b.X = x + b.Width / 2;
                x += b.Width + Gap;
            }
        }
        double left = all.Min(b => b.X - b.Width / 2);
        foreach (Box b in all) b.X += Margin - left;

        static double Wanted(Box b) => b.Users.Count == 0 ? 0 : b.Users.Average(u => u.X);

        static double Centre(Box[] row) => row.Average(Wanted);
    }

    string ToSvg()
    {
        int layers = boxes.Max(b => b.Layer);
        double Y(Box b) => Margin + (layers - b.Layer) * Row;
        double width = boxes.Max(b => b.X + b.Width / 2) + Margin, height = layers * Row + BoxHeight + 2 * Margin;
        CultureInfo c = CultureInfo.InvariantCulture;
        StringBuilder svg = new();
        svg.Append(c, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:0.#}\" height=\"{height:0.#}\" "
            + $"viewBox=\"0 0 {width:0.#} {height:0.#}\" font-family=\"monospace\" font-size=\"11\" text-anchor=\"middle\" role=\"img\">\n"
            + $"<title>The tape behind {Escape(boxes.First(b => b.Node == y).Label)} {y.Shape}</title>\n{Style}\n");
        foreach (Box b in boxes)
            foreach (Box user in b.Users)
            {
                // Straight down beside the boxes of a layer that it passes.
                double from = Y(b) + BoxHeight, to = Y(user), bend = (to - from) / 2;
                svg.Append(c, $"<path d=\"M{b.X:0.#} {(b.Node == null ? Y(b) : from):0.#}V{from:0.#}"
                    + $"C{b.X:0.#} {from + bend:0.#} {user.X:0.#} {to - bend:0.#} {user.X:0.#} {to:0.#}\""
                    + $"{(user.Node == null ? "" : " marker-end=\"url(#tip)\"")}/>\n");
            }
        foreach (Box b in boxes)
        {
            if (b.Node is not { } n) continue;
            string kind = n is LeafNode ? "class=\"leaf\" rx=\"17\"" : n == y ? "class=\"y\" rx=\"4\"" : "rx=\"4\"";
            svg.Append(c, $"<rect x=\"{b.X - b.Width / 2:0.#}\" y=\"{Y(b):0.#}\" width=\"{b.Width:0.#}\" height=\"{BoxHeight}\" {kind}/>"
                + $"<text x=\"{b.X:0.#}\" y=\"{Y(b) + 15:0.#}\">{Escape(b.Label)}</text>"
                + $"<text class=\"shape\" x=\"{b.X:0.#}\" y=\"{Y(b) + 29:0.#}\">{n.Shape}</text>\n");
        }
        return svg.Append("</svg>\n").ToString();
    }

    const string Style = "<style>\n"
        + "rect{fill:#f4f4f5;stroke:#71717a}.leaf{fill:#dbeafe;stroke:#2563eb}.y{stroke-width:2.5}text{fill:#18181b}\n"
        + ".shape{fill:#52525b;font-size:10px}path{fill:none;stroke:#71717a}.tip{fill:#71717a}\n"
        + "@media (prefers-color-scheme:dark){rect{fill:#27272a;stroke:#a1a1aa}.leaf{fill:#1e3a5f;stroke:#60a5fa}text{fill:#fafafa}\n"
        + ".shape{fill:#d4d4d8}path{stroke:#a1a1aa}.tip{fill:#a1a1aa}}\n</style>\n"
        + "<defs><marker id=\"tip\" markerWidth=\"7\" markerHeight=\"7\" refX=\"6\" refY=\"3.5\" orient=\"auto\">"
        + "<path class=\"tip\" d=\"M0 0 7 3.5 0 7z\"/></marker></defs>";

    string ToMermaid()
    {
        StringBuilder text = new("graph TD\n");
        Node[] nodes = [.. boxes.Select(b => b.Node).OfType<Node>()];
        Dictionary<Node, int> number = nodes.Select((n, i) => (n, i)).ToDictionary(p => p.n, p => p.i);
        for (int i = 0; i < nodes.Length; i++)
        {
            string label = boxes[i].Label.Replace("\"", "#quot;", StringComparison.Ordinal).ReplaceLineEndings(" ");
            text.Append(CultureInfo.InvariantCulture,
                $"  n{i}{(nodes[i] is LeafNode ? "([" : "[")}\"{label} {nodes[i].Shape}\"{(nodes[i] is LeafNode ? "])" : "]")}\n");
        }
        foreach (Node n in nodes)
            foreach (Node input in n.Inputs.OfType<Node>())
                text.Append(CultureInfo.InvariantCulture, $"  n{number[input]} --> n{number[n]}\n");
        return text.ToString();
    }

    static string Escape(string text) => System.Security.SecurityElement.Escape(text);
}
