namespace Sagan.Native;

/// <summary>
/// What a recorded operation keeps for its gradient rules, under names: the tensors they read, and the sizes and numbers of the call. A
/// small struct beside the operation; rules read <c>s.X</c>, <c>s.Weight</c>.
/// </summary>
/// <example>
/// <code>readonly record struct Operands(Tensor A, Tensor B) : ISaved&lt;Operands&gt;
/// {
///     public Operands Keep(SavedTensors by) =&gt; new(by.Keep(A), by.Keep(B));
/// }</code>
/// </example>
interface ISaved<TSelf> where TSelf : struct, ISaved<TSelf>
{
    /// <summary>The same with handles of its own, taken by the keeper, in place of its tensors: of every one, since a rule runs when the
    /// others are gone.</summary>
    TSelf Keep(SavedTensors by);
}

/// <summary>For a rule that reads x.</summary>
readonly record struct Input(Tensor X) : ISaved<Input>
{
    public Input Keep(SavedTensors by) => new(by.Keep(X));
}

/// <summary>For a rule that reads y.</summary>
readonly record struct Output(Tensor Y) : ISaved<Output>
{
    public Output Keep(SavedTensors by) => new(by.Keep(Y));
}

/// <summary>For rules that read both operands.</summary>
readonly record struct Operands(Tensor A, Tensor B) : ISaved<Operands>
{
    public Operands Keep(SavedTensors by) => new(by.Keep(A), by.Keep(B));
}

/// <summary>
/// Keeps the tensors of an <see cref="ISaved{TSelf}"/>: own handles, and the version each value had. The objects are used again: see
/// <see cref="Tensor.Recycle"/>.
/// </summary>
sealed class SavedTensors
{
    [ThreadStatic] static Stack<SavedTensors>? spare;
    Tensor[] tensors = new Tensor[8];
    int[] versions = new int[8];
    int count;
    bool guarded;

    /// <param name="guarded">True where the garbage collector is to give the handles back, if nothing else does it.</param>
    public static SavedTensors Rent(bool guarded)
    {
        SavedTensors s = spare is { Count: > 0 } ? spare.Pop() : new SavedTensors();
        s.guarded = guarded;
        return s;
    }

    /// <summary>The handles taken so far.</summary>
    public ReadOnlySpan<Tensor> Kept => tensors.AsSpan(0, count);

    /// <summary>A handle of this tensor that lives until <see cref="Recycle"/>.</summary>
    public Tensor Keep(Tensor t)
    {
        if (count == tensors.Length)
        {
            Array.Resize(ref tensors, 2 * count);
            Array.Resize(ref versions, 2 * count);
        }
        versions[count] = t.Storage.Version;
        return tensors[count++] = t.Retain(guarded);
    }

    /// <summary>As <see cref="Keep"/>, untracked: no gradient flows into what a rule makes of it.</summary>
    public Tensor KeepConstant(Tensor t)
    {
        Tensor kept = Keep(t);
        kept.Node = null;
        return kept;
    }

    /// <summary>A tensor that was overwritten since it was saved, or null.</summary>
    public Tensor? FindOverwritten()
    {
        for (int i = 0; i < count; i++)
            if (tensors[i].Storage.Version != versions[i]) return tensors[i];
        return null;
    }

    /// <summary>Lets go of the tensors. The object must not be used any more.</summary>
    public void Recycle()
    {
        for (int i = 0; i < count; i++) tensors[i].Recycle();
        Array.Clear(tensors, 0, count);
        count = 0;
        (spare ??= new Stack<SavedTensors>()).Push(this);
    }
}
