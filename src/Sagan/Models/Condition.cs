namespace Sagan.Native.Models;

/// <summary>What the images of a batch are to be: their classes and, where a network has made vectors of them, those.</summary>
public sealed class Condition
{
    readonly Tensor? vector;
    readonly IndexTensor? others;
    readonly Tensor? share;

    /// <summary>One class for each image.</summary>
    public Condition(IndexTensor labels) => Labels = labels;

    /// <summary>A place between two classes for each image: 0 is the first, 1 the second.  share [N].</summary>
    public Condition(IndexTensor labels, IndexTensor others, Tensor share) =>
        (Labels, this.others, this.share) = (labels, others, share.Reshape(-1, 1));

    Condition(Condition of, Tensor vector) => (Labels, others, share, this.vector) = (of.Labels, of.others, of.share, vector);

    /// <summary>How many images it is for.</summary>
    public int Count => Labels.Count;

    /// <summary>The classes (the first ones, between two).</summary>
    public IndexTensor Labels { get; }

    /// <summary>The vectors.</summary>
    public Tensor Vector => vector ?? throw new InvalidOperationException("condition: vectors are wanted, there are class labels only.");

    /// <summary>The same classes with vectors made of them, [N, D].</summary>
    public Condition With(Tensor vector) => new(this, vector);

    /// <summary>The rows of a table of classes, [N, width]; between two classes e = (1 - t) e1 + t e2.</summary>
    public Tensor Rows(Func<IndexTensor, Tensor> table)
    {
        Tensor e = table(Labels);
        return others == null ? e : e + share! * (table(others) - e);
    }
}
