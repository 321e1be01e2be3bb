namespace Sagan.Native.Modules;

/// <summary>A table of rows, one per class: y[i, :] = weight[index[i], :].  weight [classes, width], first filled from N(0, 1) as in PyTorch.</summary>
public sealed class Embedding : Module, INormalizable
{
    Weight weight;

    /// <param name="classes">Rows of the table.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="init">Gives the random numbers.</param>
    public Embedding(int classes, int width, Initializer init) =>
        weight = new Weight(Own(new Parameter("weight", init.Random.Normal(new Shape(classes, width), init.Device))));

    /// <summary>The rows for these indices, [index.Count, width].</summary>
    public Tensor Call(IndexTensor index)
    {
        using Scope scope = Scope.Enter();
        return scope.Keep(Ops.Gather(weight.Norm() is { } norm ? Ops.SpectralNorm(weight.Parameter, norm) : weight.Parameter, index));
    }

    protected override Tensor Forward(Tensor x) => throw new InvalidOperationException("embedding: it is called with an IndexTensor, not with a tensor.");

    Parameter INormalizable.Raw => weight.Parameter;

    bool INormalizable.OutputsLast => false;

    void INormalizable.Normalize(Func<SingularTriplet> triplet) => weight = weight with { Triplet = triplet };
}
