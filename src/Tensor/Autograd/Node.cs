using System.Diagnostics.CodeAnalysis;

namespace Sagan.Native;

/// <summary>The gradient of one input: g is dL/dy, s what the operation saved. Written in differentiable operations, so that it can be
/// differentiated again.</summary>
delegate Tensor Rule<TSaved>(Tensor g, TSaved s);

/// <summary>The gradients of several inputs at once: sets d[i] for every i that d wants.</summary>
delegate void JointRule<TSaved>(Tensor g, TSaved s, Gradients d);

/// <summary>Where a joint rule puts its results.</summary>
sealed class Gradients
{
    Tensor?[] values = [];
    bool[] wanted = [];

    /// <summary>Empties it, for an operation with this many inputs.</summary>
    internal void Reset(int count)
    {
        if (values.Length < count) (values, wanted) = (new Tensor?[count], new bool[count]);
        Array.Clear(values);
        Array.Clear(wanted);
    }

    public Tensor? this[int input]
    {
        get => values[input];
        set => values[input] = value;
    }

    /// <summary>True when the gradient of this input is asked for.</summary>
    public bool Wants(int input) => wanted[input];

    internal void Want(int input) => wanted[input] = true;
}

/// <summary>
/// A value of the tape. Nodes are numbered as they are made, so descending order is a topological order of the tape.
/// </summary>
class Node
{
    static long counter;

    protected Node(string op, Shape shape, Node?[] inputs) =>
        (Id, Op, Shape, Inputs) = (Interlocked.Increment(ref counter), op, shape, inputs);

    public long Id { get; }

    public string Op { get; }

    /// <summary>The shape of the output, and so of its gradient.</summary>
    public Shape Shape { get; }

    /// <summary>The nodes of the inputs; null where an input is not tracked.</summary>
    public Node?[] Inputs { get; }

    public static Node Leaf(Tensor t) => new LeafNode(t);

    /// <summary>Sets d[i] = dL/d input i for all wanted i.</summary>
    public virtual void Backward(Tensor g, Gradients d) { }

    /// <summary>Lets go of what was saved: the node was consumed by a backward pass, or its step ended.</summary>
    public virtual void ReleaseSaved() { }
}

/// <summary>A value that was not computed but given, as a parameter or by <see cref="Tensor.RequireGrad"/>.</summary>
sealed class LeafNode(Tensor t) : Node("leaf", t.Shape, [])
{
    /// <summary>The parameter's name.</summary>
    public string? Name { get; } = t.Name;
}

/// <summary>A recorded operation: what it was computed from, what it saved, and its gradient rules.</summary>
/// <param name="op">Its name.</param>
/// <param name="y">Its output.</param>
/// <param name="inputs">The nodes of its inputs.</param>
/// <param name="rule">The rule of the first input, or a joint one of all.</param>
/// <param name="second">That of the second input, where each has its own.</param>
sealed class Node<TSaved>(string op, Tensor y, Node?[] inputs, Delegate rule, Rule<TSaved>? second = null) : Node(op, y.Shape, inputs)
{
    TSaved saved = default!;
    SavedTensors? tensors;
    bool released;

    /// <summary>What the rules read, and the keeper of the tensors in it. To be called when y has its node, since they may read
    /// y.</summary>
    public void Save(TSaved s, SavedTensors? keeper = null) => (saved, tensors) = (s, keeper);

    public override void Backward(Tensor g, Gradients d)
    {
        if (released) ThrowReleased();
        if (tensors?.FindOverwritten() is { } t) ThrowOverwritten(t);
        if (rule is JointRule<TSaved> joint) joint(g, saved, d);
        else
        {
            if (d.Wants(0)) d[0] = ((Rule<TSaved>)rule)(g, saved);
            if (Inputs.Length > 1 && d.Wants(1)) d[1] = second!(g, saved);
        }
        for (int i = 0; i < Inputs.Length; i++)
            if (d.Wants(i))
            {
                if (d[i] is not { } dx) ThrowMissing(i, 1);
                // A gradient is a linear function of g: one that is not recorded where g is would lose its own gradient without a word.
                else if (g.IsTracked && !dx.IsTracked && Autograd.IsRecording) ThrowMissing(i, 2);
            }
    }

    public override void ReleaseSaved()
    {
        tensors?.Recycle();
        (tensors, saved, released) = (null, default!, true);
    }

    [DoesNotReturn]
    void ThrowReleased() => throw new InvalidOperationException(
        $"grad: the graph of '{Op}' {Shape} is gone: an earlier Grad consumed it, or its step ended; pass createGraph: true to the earlier "
            + "Grad to keep it.");

    [DoesNotReturn]
    void ThrowOverwritten(Tensor t) => throw new InvalidOperationException(
        $"grad: {(t.Name == null ? "a tensor" : $"parameter '{t.Name}'")} {t.Shape} that '{Op}' saved was overwritten after the forward "
        + "pass, by an optimiser step or Assign; compute the gradient before updating.");

    [DoesNotReturn]
    void ThrowMissing(int input, int order) => throw new InvalidOperationException(
        $"grad: '{Op}' {Shape} has no gradient of order {order} for its input {input}{(Inputs[input] is { } x ? $" {x.Shape}" : "")}: its "
        + "rule " + (order == 1 ? "gives none."
            : "is not made of recorded operations; ask for the first gradient alone, without createGraph."));
}
