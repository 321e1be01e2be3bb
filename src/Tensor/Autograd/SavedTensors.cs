namespace Sagan.Native;

/// <summary>
/// What a recorded operation keeps for its gradient rules: own handles, and the version each value had. The objects are used again: see <see cref="Tensor.Recycle"/>.
/// </summary>
sealed class SavedTensors
{
    [ThreadStatic] static Stack<SavedTensors>? spare;
    int[] versions = [];
    int count;

    /// <summary>The handles, in the order in which they were saved; longer than that where a longer list was kept before.</summary>
    public Tensor[] Tensors { get; private set; } = [];

    /// <summary>Takes handles of these tensors. Guarded ones are given back by the garbage collector, if nothing else does it.</summary>
    public static SavedTensors Of(ReadOnlySpan<Tensor> tensors, bool guarded)
    {
        SavedTensors s = spare is { Count: > 0 } ? spare.Pop() : new SavedTensors();
        if (s.versions.Length < tensors.Length) (s.Tensors, s.versions) = (new Tensor[tensors.Length], new int[tensors.Length]);
        s.count = tensors.Length;
        for (int i = 0; i < tensors.Length; i++)
        {
            s.Tensors[i] = tensors[i].Retain(guarded);
            s.versions[i] = tensors[i].Storage.Version;
        }
        return s;
    }

    /// <summary>A tensor that was overwritten since it was saved, or null.</summary>
    public Tensor? FindOverwritten()
    {
        for (int i = 0; i < count; i++)
            if (Tensors[i].Storage.Version != versions[i]) return Tensors[i];
        return null;
    }

    /// <summary>Lets go of the tensors. The object must not be used any more.</summary>
    public void Recycle()
    {
        for (int i = 0; i < count; i++) Tensors[i].Recycle();
        Array.Clear(Tensors);
        (spare ??= new Stack<SavedTensors>()).Push(this);
    }
}
