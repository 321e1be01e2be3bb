namespace Sagan.Native.Modules;

/// <summary>What the images of a batch are to be: their classes and, where a network has made vectors of them, those.</summary>
public sealed class Condition
{
    readonly IndexTensor labels;
    readonly Tensor? vector;

    /// <summary>One class for each image.</summary>
    public Condition(IndexTensor labels) => this.labels = labels;

    /// <summary>One vector for each image, [N, D], and its class.</summary>
    public Condition(Tensor vector, IndexTensor labels) => (this.vector, this.labels) = (vector, labels);

    /// <summary>How many images it is for.</summary>
    public int Count => labels.Count;

    /// <summary>The classes.</summary>
    public IndexTensor Labels => labels;

    /// <summary>The vectors.</summary>
    public Tensor Vector => vector ?? throw new InvalidOperationException("condition: vectors are wanted, there are class labels only.");
}
