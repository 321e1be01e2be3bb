using System.Xml.Linq;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests;

/// <summary>The tape as a picture.</summary>
public class DrawTests
{
    [Fact]
    public void The_tape_is_drawn_in_the_order_in_which_it_was_recorded() => Step.Run(() =>
    {
        Tensor x = Tensor.Ones(new Shape(4, 3)).RequireGrad();
        Parameter w = new("w", Tensor.Ones(new Shape(3, 2)));
        Tensor h = Ops.Tanh(x.MatMul(w)), loss = Ops.Sum(h * h);
        TapeDrawing drawing = Autograd.Draw(loss, ("x", x), ("h", h));
        Assert.Equal("""
            graph TD
              n0(["x [4, 3]"])
              n1(["w [3, 2]"])
              n2["matmul [4, 2]"]
              n3["h = tanh [4, 2]"]
              n4["multiply [4, 2]"]
              n5["sum []"]
              n0 --> n2
              n1 --> n2
              n2 --> n3
              n3 --> n4
              n3 --> n4
              n4 --> n5

            """.ReplaceLineEndings("\n"), drawing.Mermaid);
        Assert.Equal(drawing.Svg, Autograd.Draw(loss, ("x", x), ("h", h)).Svg);
        XElement svg = XDocument.Parse(drawing.Svg).Root!;
        Assert.Equal(6, svg.Elements().Count(e => e.Name.LocalName == "rect"));
        Assert.Contains("h = tanh", svg.Elements().Where(e => e.Name.LocalName == "text").Select(e => e.Value));
        Assert.True(drawing.Svg.Length < 4000, $"{drawing.Svg.Length}");
    });

    [Fact]
    public void Parameters_of_a_module_have_their_names_and_boxes_do_not_overlap() => Step.Run(() =>
    {
        Initializer init = new(new RandomSource(1));
        Sequential net = new(new Linear(3, 4, init, activation: Activation.Tanh), new Linear(4, 1, init));
        Tensor x = Tensor.Ones(new Shape(5, 3)), y = net.Call(x);
        TapeDrawing drawing = Autograd.Draw(Ops.Mean(Ops.Square(y) + Ops.Exp(y) * y), net.State());
        Assert.Contains("([\"0.weight [4, 3]\"])", drawing.Mermaid, StringComparison.Ordinal);
        Assert.Contains("([\"1.bias [1]\"])", drawing.Mermaid, StringComparison.Ordinal);
        (double Left, double Right, double Top)[] boxes = [.. XDocument.Parse(drawing.Svg).Root!.Elements()
            .Where(e => e.Name.LocalName == "rect").Select(e => ((double)e.Attribute("x")!,
                (double)e.Attribute("x")! + (double)e.Attribute("width")!, (double)e.Attribute("y")!))];
        foreach ((double left, double right, double top) in boxes)
            Assert.Equal(1, boxes.Count(b => b.Top == top && b.Left < right && left < b.Right));
    });

    [Fact]
    public void Names_are_text_and_a_tensor_off_the_tape_is_refused() => Step.Run(() =>
    {
        Tensor x = Tensor.From(1, 2).RequireGrad();
        TapeDrawing drawing = Autograd.Draw(Autograd.Custom("<b>\"&", x, x => x * 2, (g, _, _) => 2 * g), ("]\"\nx", x));
        Assert.Contains("<text", drawing.Svg, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>", drawing.Svg, StringComparison.Ordinal);
        Assert.Contains("([\"]#quot; x [2]\"])", drawing.Mermaid, StringComparison.Ordinal);
        Assert.Contains("y is not tracked", Assert.Throws<InvalidOperationException>(() => Autograd.Draw(Tensor.From(1, 2))).Message);
    });
}
