using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>y = act(x).</summary>
    public static Tensor Activate(Tensor x, Activation activation) => activation.Kind switch
    {
        ActivationKind.None => x,
        ActivationKind.Tanh => Tanh(x),
        ActivationKind.LeakyRelu when activation.Slope == 0 => Relu(x),
        ActivationKind.LeakyRelu => LeakyRelu(x, activation.Slope),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "unknown activation."),
    };

    static Tensor AddBias(Tensor x, Tensor? bias) => bias == null ? x : x + bias;

    // g act'(z), told from y = act(z).
    static Tensor ActivationGrad(Tensor g, Tensor y, Activation act) => act.Kind switch
    {
        ActivationKind.None => g,
        ActivationKind.Tanh => TanhGrad(g, y),
        _ => LeakyReluGrad(g, y, act.Slope),
    };

    // The gradients of z and bias in y = act(z + bias): one fused pass, over g in place where nobody else holds it, or differentiable ops
    // while the backward pass is itself recorded. Without an activation dz is g.
    static (Tensor Dz, Tensor? Dbias) BiasActivationBackward(Tensor g, Tensor y, Activation act, bool wantsBias)
    {
        int columns = y.Shape[-1];
        if (act.Kind == ActivationKind.None && !wantsBias) return (g, null);
        if (Autograd.IsRecording || y.Backend is not IFusedBias fused)
        {
            Tensor composed = ActivationGrad(g, y, act);
            return (composed, wantsBias ? Sum(Reshape(composed, new Shape(y.Count / Math.Max(columns, 1), columns)), [0]) : null);
        }
        Tensor dz = act.Kind == ActivationKind.None ? g : InPlaceOf(g);
        Tensor? dbias = wantsBias ? Tensor.Empty(new Shape(columns), y.Device) : null;
        fused.BiasActivationBackward(g.Storage, y.Storage, dz.Storage, dbias?.Storage, y.Count / Math.Max(columns, 1), columns, act);
        return (dz, dbias);
    }
}
