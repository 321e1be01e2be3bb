using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Autograd
{
    /// <summary>
    /// An operation of your own of one input, y = f(x): its value, computed in any way, and its gradient rule.
    /// </summary>
    /// <param name="name">What errors call it.</param>
    /// <param name="x">The input.</param>
    /// <param name="value">Computes y, of any shape. Nothing in it is recorded; it may copy numbers to the host and back.</param>
    /// <param name="gradient">(g, x, y) gives dL/dx in the shape of x, where g is dL/dy. Written in operations, it can be differentiated
    /// in turn, to any order; one that reads elements of what is tracked is an error with createGraph.</param>
    /// <param name="definition">Where the rule is not written in operations, because it is a kernel of your own: the same f in operations,
    /// which is differentiated for gradients of gradients. Without it only the first gradient of such a rule can be asked for.</param>
    /// <example>
    /// <code>static Tensor Cube(Tensor x) =&gt; Autograd.Custom("cube", x, x =&gt; x * x * x, (g, x, y) =&gt; g * 3 * x * x);</code>
    /// </example>
    public static Tensor Custom(string name, Tensor x, Func<Tensor, Tensor> value, Func<Tensor, Tensor, Tensor, Tensor> gradient,
        Func<Tensor, Tensor>? definition = null) =>
        Custom(name, [x], x => value(x[0]), (g, x, y) => [gradient(g, x[0], y)], definition == null ? null : x => definition(x[0]));

    /// <summary>
    /// As the other one, of any number of inputs: the rule gives a gradient for each, in its shape; null where an input is never
    /// differentiated.
    /// </summary>
    public static Tensor Custom(string name, ReadOnlySpan<Tensor> inputs, Func<Tensor[], Tensor> value,
        Func<Tensor, Tensor[], Tensor, Tensor?[]> gradients, Func<Tensor[], Tensor>? definition = null)
    {
        Tensor[] x = inputs.ToArray();
        Tensor y;
        using (Scope scope = Scope.Enter())
        {
            Tensor v = NoGrad(() => value(x));
            // It may be an input itself, or a tensor of somebody else.
            y = scope.Keep(scope.Owns(v) ? v : v.Alias(v.Shape, null));
        }
        // No note for a trace: the operations that the value is made of have theirs, and so such a network can be exported.
        return paused || NodesOf(x) is not { } nodes
            ? y
            : Attach(y, new Node<CustomOp>(name, y, nodes, (JointRule<CustomOp>)Backward), new CustomOp(name, x, y, gradients, definition));
    }

    readonly record struct CustomOp(string Name, Tensor[] Inputs, Tensor Y, Func<Tensor, Tensor[], Tensor, Tensor?[]> Rule,
        Func<Tensor[], Tensor>? Definition) : ISaved<CustomOp>
    {
        public CustomOp Keep(SavedTensors by) => this with { Inputs = [.. Inputs.Select(by.Keep)], Y = by.Keep(Y) };
    }

    // The operation whose rule is being recorded, for errors.
    [ThreadStatic] static string? recorded;

    /// <summary>
    /// To be called where elements are copied to the host. In a rule that is recorded, what is made of those of a tracked tensor would be
    /// a constant: the second gradient would lack its part without a word.
    /// </summary>
    internal static void ThrowIfReadByRule(Tensor t)
    {
        if (recorded != null && t.IsTracked && IsRecording)
            throw new InvalidOperationException($"grad: {recorded} has no gradient of order 2: its rule reads the elements of {t.Shape} "
                + "itself (ToArray, Item, an index, AsSpan or To). Write it in operations, give a definition (the same function in "
                + "operations), read those of Detach() where they count as constants, or ask for the first gradient alone, without "
                + "createGraph.");
    }

    static void Backward(Tensor g, CustomOp s, Gradients d)
    {
        string? before = recorded;
        recorded = IsRecording ? $"'{s.Name}' {s.Y.Shape}" : null;
        try
        {
            RunRule(g, s, d);
        }
        finally
        {
            recorded = before;
        }
    }

    static void RunRule(Tensor g, CustomOp s, Gradients d)
    {
        // Handles of its own, in a scope that is not the engine's: the rule may have let somebody see them, so they are never used again.
        using Scope scope = Scope.Enter();
        if (s.Definition != null && IsRecording)
        {
            Ops.GradOfReference(g, d, s.Inputs, s, static (x, s) =>
            {
                Tensor y = s.Definition!(x);
                return y.Shape == s.Y.Shape ? y
                    : throw new ShapeException($"grad: the definition of '{s.Name}' gives {y.Shape}, and its value is {s.Y.Shape}.");
            });
            for (int i = 0; i < s.Inputs.Length; i++)
                if (d.Wants(i)) d[i] = scope.Keep(d[i]!);
            return;
        }
        Tensor?[] dx = s.Rule(Handle(g), [.. s.Inputs.Select(Handle)], Handle(s.Y));
        if (dx.Length != s.Inputs.Length)
            throw new InvalidOperationException($"grad: the rule of '{s.Name}' gives {dx.Length} gradients for {s.Inputs.Length} inputs; "
                + "one for each is needed, null where there is none.");
        for (int i = 0; i < dx.Length; i++)
        {
            if (!d.Wants(i) || dx[i] is not { } t) continue;
            if (t.Shape != s.Inputs[i].Shape)
                throw new ShapeException($"grad: the rule of '{s.Name}' gives {t.Shape} for its input {i} {s.Inputs[i].Shape}; "
                    + $"a gradient has the shape of its input{Likely(t.Shape, s.Inputs[i].Shape)}.");
            d[i] = scope.Keep(scope.Owns(t) ? t : Handle(t));
        }

        static Tensor Handle(Tensor t) => t.Alias(t.Shape, t.Node);

        // The two mistakes that make a wrong shape.
        static string Likely(Shape given, Shape wanted)
        {
            if (given.Rank == 2 && wanted.Rank == 2 && given != wanted && given[0] == wanted[1] && given[1] == wanted[0])
                return ": likely it is transposed";
            return wanted.BroadcastsTo(given)
                ? ": likely the sum over the broadcast axes is missing, Ops.SumTo(dx, x.Shape)" : "";
        }
    }
}
