using System.Diagnostics.CodeAnalysis;
using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>The gradient of one input: g is dL/dy, s what the op saved, c its spec. Written in differentiable ops, so that it can be differentiated
/// again.</summary>
delegate Tensor Rule<TSpec>(Tensor g, Tensor[] s, TSpec c);

/// <summary>The gradients of several inputs at once: sets d[i] for every i that d wants.</summary>
delegate void JointRule<TSpec>(Tensor g, Tensor[] s, TSpec c, Gradients d);

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
/// One recorded operation, or a leaf: what it was computed from, what it saved, and its gradient rules. Nodes are numbered as they are made, so descending
/// order is a
/// topological order of the tape.
/// </summary>
abstract class Node
{
    static long counter;
    SavedTensors? saved;
    bool released;

    protected Node(string op, Shape shape, Device device, Node?[] inputs)
    {
        Id = Interlocked.Increment(ref counter);
        Op = op;
        Shape = shape;
        Device = device;
        Inputs = inputs;
    }

    public long Id { get; }

    public string Op { get; }

    /// <summary>The shape of the output, and so of its gradient.</summary>
    public Shape Shape { get; }

    public Device Device { get; }

    /// <summary>The nodes of the inputs; null where an input is not tracked.</summary>
    public Node?[] Inputs { get; }

    /// <summary>A value that was not computed but given: a parameter, or the result of <see cref="Tensor.RequireGrad"/>.</summary>
    public static Node Leaf(Tensor t) => new LeafNode(t.Shape, t.Device);

    /// <summary>Sets d[i] = dL/d input i for all wanted i.</summary>
    public abstract void Backward(Tensor g, Gradients d);

    /// <summary>Holds own references to what the rules need.</summary>
    public void Save(ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.Length > 0) saved = SavedTensors.Of(tensors, guarded: Scope.CurrentStep == null);
        Scope.Register(this);
    }

    /// <summary>Lets go of what was saved: the node was consumed by a backward pass, or its step ended.</summary>
    public void ReleaseSaved()
    {
        saved?.Recycle();
        saved = null;
        released = true;
    }

    protected Tensor[] Saved
    {
        get
        {
            if (released) ThrowReleased();
            if (saved == null) return [];
            if (saved.FindOverwritten() is { } t) ThrowOverwritten(t);
            return saved.Tensors;
        }
    }

    [DoesNotReturn]
    void ThrowReleased() => throw new InvalidOperationException(
        $"grad: the graph of '{Op}' {Shape} is gone: an earlier Grad consumed it, or its step ended; pass createGraph: true to the earlier Grad to keep the graph.");

    [DoesNotReturn]
    void ThrowOverwritten(Tensor t) => throw new InvalidOperationException(
        $"grad: {(t.Name == null ? "a tensor" : $"parameter '{t.Name}'")} {t.Shape} that '{Op}' saved was overwritten after the forward pass, " +
        "by an optimiser step or Assign; compute the gradient before updating.");

    sealed class LeafNode(Shape shape, Device device) : Node("leaf", shape, device, [])
    {
        public override void Backward(Tensor g, Gradients d) { }
    }
}

/// <summary>An operation of one or two inputs, each with a rule of its own.</summary>
sealed class Node<TSpec>(string op, Tensor y, Node?[] inputs, TSpec spec, Rule<TSpec> first, Rule<TSpec>? second) : Node(op, y.Shape, y.Device, inputs)
{
    public override void Backward(Tensor g, Gradients d)
    {
        Tensor[] s = Saved;
        if (d.Wants(0)) d[0] = first(g, s, spec);
        if (second != null && d.Wants(1)) d[1] = second(g, s, spec);
    }
}

sealed class JointNode<TSpec>(string op, Tensor y, Node?[] inputs, TSpec spec, JointRule<TSpec> rule) : Node(op, y.Shape, y.Device, inputs)
{
    public override void Backward(Tensor g, Gradients d) => rule(g, Saved, spec, d);
}
