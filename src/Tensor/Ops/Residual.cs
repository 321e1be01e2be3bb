using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// y = x + gamma o: a branch o, weighted by one number, and the input it is added to. x and o have the same shape.
    /// <code>dx = g   do = gamma g   dgamma = sum of g o</code>
    /// </summary>
    public static Tensor Residual(Tensor x, Tensor o, Tensor gamma)
    {
        Check.SameDevice("residual", x, o);
        Check.SameDevice("residual", x, gamma);
        Check.Shape("residual", "o", o, x.Shape, "the shape of x");
        if (gamma.Count != 1) throw new ShapeException($"residual: gamma {gamma.Shape} has {gamma.Count} elements, one is needed.");
        if (x.Backend is not IFusedResidual fused) return Reshape(gamma, new Shape()) * o + x;
        Tensor y = Tensor.Empty(x.Shape, x.Device);
        fused.Residual(x.Storage, o.Storage, gamma.Storage, y.Storage, y.Count);
        return Autograd.RecordJoint("residual", y, new Branch(o, gamma), inputs: [x, o, gamma],
            static (g, s, d) =>
            {
                (Tensor o, Tensor gamma) = (s.O, s.Gamma);
                d[0] = g;
                if (Autograd.IsRecording || !d.Wants(1) || !d.Wants(2))
                {
                    if (d.Wants(1)) d[1] = Reshape(gamma, new Shape()) * g;
                    if (d.Wants(2)) d[2] = Reshape(Sum(g * o), gamma.Shape);
                    return;
                }
                Tensor dO = Tensor.Empty(o.Shape, g.Device), dgamma = Tensor.Empty(gamma.Shape, g.Device);
                ((IFusedResidual)g.Backend).ResidualBackward(g.Storage, o.Storage, gamma.Storage, dO.Storage, dgamma.Storage, g.Count);
                (d[1], d[2]) = (dO, dgamma);
            });
    }

    readonly record struct Branch(Tensor O, Tensor Gamma) : ISaved<Branch>
    {
        public Branch Keep(SavedTensors by) => new(by.Keep(O), by.Keep(Gamma));
    }
}
