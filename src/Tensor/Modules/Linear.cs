using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>y = act(x w^T + bias).  x [M, in], w [out, in], y [M, out].</summary>
public sealed class Linear : Module, INormalizable
{
    readonly Parameter? bias;
    readonly Activation activation;
    Weight weight;

    /// <param name="inputs">Columns of x.</param>
    /// <param name="outputs">Columns of y.</param>
    /// <param name="init">Fills weight and bias.</param>
    /// <param name="bias">False for none.</param>
    /// <param name="activation">act.</param>
    public Linear(int inputs, int outputs, Initializer init, bool bias = true, Activation activation = default)
    {
        weight = new Weight(Own(new Parameter("weight", init.Weight(new Shape(outputs, inputs), inputs, outputs))));
        this.bias = bias ? Own(new Parameter("bias", init.Bias(outputs, inputs))) : null;
        this.activation = activation;
    }

    private protected override bool IsClosed => true;

    protected override Tensor Forward(Tensor x) => Ops.Linear(x, weight.Parameter, bias?.Value, activation, weight.Norm());

    Parameter INormalizable.Raw => weight.Parameter;

    bool INormalizable.OutputsLast => false;

    void INormalizable.Normalize(Func<SingularTriplet> triplet) => weight = weight with { Triplet = triplet };
}
