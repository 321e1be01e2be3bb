namespace Sagan.Native;

/// <summary>
/// One training step: everything computed inside is released when it ends, except what it returns. Steps may be nested. Nothing else in
/// user code deals with memory.
/// </summary>
/// <example>
/// <code>float loss = Step.Run(() =&gt;
/// {
///     Tensor l = Loss(net.Call(x));
///     adam.Step(Autograd.Grad(l, net.Parameters));
///     return l.Item();
/// });</code>
/// </example>
public static class Step
{
    /// <summary>Runs a step.</summary>
    public static void Run(Action body)
    {
        using Scope s = Scope.Enter(isStep: true);
        body();
    }

    /// <summary>Runs a step and returns a value; tensors inside other types of value are not kept.</summary>
    public static T Run<T>(Func<T> body)
    {
        using Scope s = Scope.Enter(isStep: true);
        T result = body();
        if (result is Task)
            throw new ArgumentException("step: the body is asynchronous; a step belongs to one thread, so await outside of it.",
                nameof(body));
        if (result is Tensor t) Return(s, t);
        return result;
    }

    /// <summary>Runs a step and returns tensors; their graph ends with the step.</summary>
    public static Tensor[] Run(Func<Tensor[]> body)
    {
        using Scope s = Scope.Enter(isStep: true);
        Tensor[] results = body();
        foreach (Tensor t in results) Return(s, t);
        return results;
    }

    /// <summary>
    /// A handle of the tensor that lives as long as the innermost step, and outside of any step until the garbage collector finds it. For
    /// what a module's own
    /// <c>Forward</c> makes on the way: without it that is released when <c>Call</c> returns.
    /// </summary>
    /// <example><code>protected override Tensor Forward(Tensor x) =&gt; head.Call(Features = Step.Keep(body.Call(x)));</code></example>
    public static Tensor Keep(Tensor t)
    {
        Scope? step = Scope.CurrentStep;
        Tensor kept = t.Retain(guarded: step == null);
        step?.Add(kept);
        return kept;
    }

    static void Return(Scope s, Tensor t)
    {
        if (!s.Owns(t)) return;
        // Its graph belongs to the step and ends with it.
        t.Node = null;
        s.Keep(t);
    }
}
