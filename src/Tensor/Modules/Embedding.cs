namespace Sagan.Native.Modules;

/// <summary>A table of rows, one per class: y[i, :] = weight[index[i], :].  weight [classes, width]. With PyTorch's initialisation it is
/// first filled from N(0, 1), with another one as any weight.</summary>
public sealed class Embedding : Module, INormalizable
{
    Weight weight;

    /// <param name="classes">Rows of the table.</param>
    /// <param name="width">Its columns.</param>
    /// <param name="init">Fills the table.</param>
    public Embedding(int classes, int width, Initializer init) : this(Size(classes, width), s => init.Table(s[0], s[1])) { }

    /// <summary>A table whose rows all begin with the same value.</summary>
    public Embedding(int classes, int width, Initializer init, float value)
        : this(Size(classes, width), s => Tensor.Full(value, s, init.Device)) { }

    Embedding(Shape shape, Func<Shape, Tensor> fill) => weight = new Weight(Own(new Parameter("weight", fill(shape))));

    static Shape Size(int classes, int width) =>
        new(Check.Positive("embedding", "the number of classes", classes), Check.Positive("embedding", "the width", width));

    /// <summary>The rows for these indices, [index.Count, width].</summary>
    public Tensor Call(IndexTensor index) => Apply((Table: this, index), static a =>
    {
        (Tensor w, SingularTriplet? norm) = a.Table.weight.Current();
        return Ops.Gather(norm == null ? w : Ops.SpectralNorm(w, norm), a.index);
    });

    /// <summary>Throws <see cref="InvalidOperationException"/>: a table is called with an <see cref="IndexTensor"/>.</summary>
    protected override Tensor Forward(Tensor x) =>
        throw new InvalidOperationException("embedding: it is called with an IndexTensor, not with a tensor.");

    /// <inheritdoc/>
    protected override string Describe() => $"{weight.Parameter.Shape[0]} -> {weight.Parameter.Shape[1]}";

    Parameter INormalizable.Raw => weight.Parameter;

    bool INormalizable.OutputsLast => false;

    void INormalizable.Normalize(Func<NormalizedWeight> normalized) => weight = weight with { Normalized = normalized };
}
