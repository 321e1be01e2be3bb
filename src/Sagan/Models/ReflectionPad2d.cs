using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>Mirrors an image at its edges, without repeating the edge: y = x[|i - p|] ..., p pixels on each side.  [N,H,W,C] to
/// [N,H+2p,W+2p,C].</summary>
sealed class ReflectionPad2d(int padding) : Module
{
    protected override Tensor Forward(Tensor x) => Along(Along(x, 1), 2);

    Tensor Along(Tensor x, int axis)
    {
        int size = x.Shape[axis];
        if (padding >= size)
            throw new ShapeException($"reflection_pad2d: x {x.Shape} cannot be mirrored over {padding} pixels: axis {axis} has {size}.");
        Tensor y = x;
        for (int i = 1; i <= padding; i++)
            y = Ops.Concat(Ops.Concat(Ops.Slice(x, axis, i, 1), y, axis), Ops.Slice(x, axis, size - 1 - i, 1), axis);
        return y;
    }
}
