namespace Sagan.Native;

/// <summary>
/// Owns the tensors made while it is the innermost scope, and releases them when it closes. Only the engine opens scopes: for a training
/// step, for the call of a module, and for a backward pass and each gradient rule in it. A handle that is to outlive its scope is moved out
/// with <see cref="Keep"/>.
/// </summary>
sealed class Scope : IDisposable
{
    [ThreadStatic] static Scope? current;
    [ThreadStatic] static Stack<Scope>? spare;

    readonly List<Tensor> tensors = [];
    readonly List<Node> nodes = [];
    Scope? outer, step;
    object? owner;
    bool isEngine;

    public static Scope? Current => current;

    /// <summary>The innermost training step, which owns the nodes of the tape; null outside.</summary>
    public static Scope? CurrentStep => current?.step;

    /// <summary>The innermost module whose formula runs, which this layer has no type for; null outside.</summary>
    public static object? CurrentOwner
    {
        get
        {
            Scope? s = current;
            while (s != null && s.owner == null) s = s.outer;
            return s?.owner;
        }
    }

    /// <param name="isStep">True for a training step.</param>
    /// <param name="isEngine">True where only code of the engine runs, gradient rules for example: handles that end here were seen by
    /// nobody else.</param>
    /// <param name="owner">The module whose formula it is for.</param>
    public static Scope Enter(bool isStep = false, bool isEngine = false, object? owner = null)
    {
        Scope s = spare is { Count: > 0 } ? spare.Pop() : new Scope();
        s.outer = current;
        s.step = isStep ? s : current?.step;
        (s.isEngine, s.owner) = (isEngine, owner);
        current = s;
        return s;
    }

    /// <summary>Gives a new handle to the innermost scope, or to the garbage collector where there is none.</summary>
    public static void Register(Tensor t)
    {
        if (current == null) t.GuardByCollector();
        else current.tensors.Add(t);
    }

    /// <summary>Gives a new handle to this scope.</summary>
    public void Add(Tensor t) => tensors.Add(t);

    public static void Register(Node n) => CurrentStep?.nodes.Add(n);

    /// <summary>Moves a handle of this scope to the one around it. A handle of another scope stays where it is.</summary>
    public Tensor Keep(Tensor t)
    {
        // Results are nearly always the newest handles.
        int i = tensors.LastIndexOf(t);
        if (i < 0) return t;
        tensors.RemoveAt(i);
        if (outer == null) t.GuardByCollector();
        else outer.tensors.Add(t);
        return t;
    }

    /// <summary>True when this scope owns the handle.</summary>
    public bool Owns(Tensor t) => tensors.LastIndexOf(t) >= 0;

    public void Dispose()
    {
        current = outer;
        foreach (Tensor t in tensors)
            if (isEngine) t.Recycle();
            else t.Release();
        foreach (Node n in nodes) n.ReleaseSaved();
        tensors.Clear();
        nodes.Clear();
        (outer, step, owner) = (null, null, null);
        (spare ??= new Stack<Scope>()).Push(this);
    }
}
