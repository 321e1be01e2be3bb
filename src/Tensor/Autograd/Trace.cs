using Sagan.Native.Kernels;

namespace Sagan.Native;

/// <summary>A tensor of a trace: given at its start, or made by one of its operations.</summary>
sealed class TracedValue(Shape shape)
{
    public Shape Shape => shape;
}

/// <summary>What a traced operation was given: a value of the trace, or a constant, which does not depend on what the trace began
/// with.</summary>
readonly record struct TracedInput(TracedValue? Value, Tensor? Constant, Shape Shape)
{
    /// <summary>The input that a handle stands for.</summary>
    public static TracedInput Of(Tensor t) => new(t.Traced, t.Traced == null ? t : null, t.Shape);
}

/// <summary>An operation as it ran.</summary>
/// <param name="Op">Its name.</param>
/// <param name="Owner">The innermost module it ran in.</param>
/// <param name="Output">What it made.</param>
/// <param name="Inputs">What it was given; null for an input that is absent.</param>
/// <param name="Attributes">What its gradient rule would read: an <see cref="ISaved{TSelf}"/>, or the constants of a linear
/// operation.</param>
sealed record TracedOp(string Op, object? Owner, TracedValue Output, IReadOnlyList<TracedInput?> Inputs, object Attributes);

/// <summary>
/// The operations that depend on some tensors, in the order in which they ran, while it is open. What does not depend on them is a
/// constant: its handle is held until the trace is closed.
/// </summary>
sealed class Trace : IDisposable
{
    [ThreadStatic] static Trace? current;
    readonly List<TracedOp> ops = [];
    readonly SavedTensors held = SavedTensors.Rent(guarded: true);
    readonly Trace? outer = current;

    public Trace() => current = this;

    public static Trace? Current => current;

    public IReadOnlyList<TracedOp> Ops => ops;

    /// <summary>From now on the operations that this tensor is given to are noted.</summary>
    public static TracedValue Begin(Tensor t) => t.Traced = new TracedValue(t.Shape);

    public void Add<TSaved>(string op, Tensor y, TSaved saved, ReadOnlySpan<Tensor?> inputs) where TSaved : struct, ISaved<TSaved>
    {
        int before = held.Kept.Length;
        TSaved attributes = saved.Keep(held);
        bool depends = false;
        foreach (Tensor t in held.Kept[before..]) depends |= t.Traced != null;
        Add(op, y, attributes, inputs, depends);
    }

    public void AddLinear<TConstants>(string op, Tensor y, TConstants constants, params ReadOnlySpan<Tensor?> inputs) =>
        Add(op, y, constants!, inputs, depends: false);

    void Add(string op, Tensor y, object attributes, ReadOnlySpan<Tensor?> inputs, bool depends)
    {
        foreach (Tensor? x in inputs) depends |= x?.Traced != null;
        if (!depends) return;
        TracedInput?[] all = new TracedInput?[inputs.Length];
        for (int i = 0; i < all.Length; i++) all[i] = inputs[i] is { } x ? TracedInput.Of(x.Traced == null ? held.Keep(x) : x) : null;
        y.Traced = new TracedValue(y.Shape);
        ops.Add(new TracedOp(op, Scope.CurrentOwner, y.Traced, all, attributes));
    }

    /// <summary>To be called where a program looks at the elements of a tensor, which no trace can follow.</summary>
    public static void ThrowIfLookedAt(Tensor t)
    {
        if (t.Traced != null && current != null)
            throw new InvalidOperationException($"trace: the module reads the elements of {t.Shape} itself (ToArray, Item, an index or "
                + "To), which cannot be followed; compute with operations.");
    }

    public void Dispose()
    {
        current = outer;
        held.Recycle();
    }
}
