namespace Sagan.Native;

/// <summary>The tape: operations on tracked tensors are recorded as they run, and <see cref="Grad(Tensor, IReadOnlyList{Tensor}, bool)"/>
/// walks them backwards.</summary>
public static partial class Autograd
{
    [ThreadStatic] static bool paused;

    /// <summary>True when operations on tracked tensors are recorded.</summary>
    public static bool IsRecording => !paused;

    /// <summary>Runs without recording: for inference, and where gradients are to stop.</summary>
    public static T NoGrad<T>(Func<T> body)
    {
        bool before = paused;
        paused = true;
        try
        {
            return body();
        }
        finally
        {
            paused = before;
        }
    }

    /// <summary>As <see cref="NoGrad{T}"/>, without a result.</summary>
    public static void NoGrad(Action body) => NoGrad(() =>
    {
        body();
        return true;
    });

    /// <summary>
    /// Notes how y was computed from one input. All that the rule reads is in <paramref name="saved"/>, since rules are static lambdas;
    /// its tensors are kept until the backward pass.
    /// </summary>
    internal static Tensor Record<TSaved>(string op, Tensor y, TSaved saved, (Tensor Input, Rule<TSaved> Rule) x)
        where TSaved : struct, ISaved<TSaved>
    {
        Note(op, y, saved, x.Input);
        return paused || x.Input.Node == null
            ? y
            : Attach(y, new Node<TSaved>(op, y, [x.Input.Node], x.Rule), saved);
    }

    /// <summary>As the other one, from two inputs. Each has its own rule, which is skipped when that gradient is not asked for.</summary>
    internal static Tensor Record<TSaved>(string op, Tensor y, TSaved saved, (Tensor Input, Rule<TSaved> Rule) a,
        (Tensor Input, Rule<TSaved> Rule) b)
        where TSaved : struct, ISaved<TSaved>
    {
        Note(op, y, saved, a.Input, b.Input);
        return paused || (a.Input.Node ?? b.Input.Node) == null
            ? y
            : Attach(y, new Node<TSaved>(op, y, [a.Input.Node, b.Input.Node], a.Rule, b.Rule), saved);
    }

    /// <summary>As <c>Record</c> where y is linear in x, so that the gradient depends on no value: nothing is kept but sizes and
    /// numbers.</summary>
    internal static Tensor RecordLinear<TConstants>(string op, Tensor y, TConstants constants, (Tensor Input, Rule<TConstants> Rule) x)
    {
        Trace.Current?.AddLinear(op, y, constants, x.Input);
        return paused || x.Input.Node == null ? y : AttachLinear(y, new Node<TConstants>(op, y, [x.Input.Node], x.Rule), constants);
    }

    /// <summary>As the other one, of two inputs.</summary>
    internal static Tensor RecordLinear<TConstants>(string op, Tensor y, TConstants constants, (Tensor Input, Rule<TConstants> Rule) a,
        (Tensor Input, Rule<TConstants> Rule) b)
    {
        Trace.Current?.AddLinear(op, y, constants, a.Input, b.Input);
        return paused || (a.Input.Node ?? b.Input.Node) == null
            ? y
            : AttachLinear(y, new Node<TConstants>(op, y, [a.Input.Node, b.Input.Node], a.Rule, b.Rule), constants);
    }

    /// <summary>As <c>RecordLinear</c>, of any number of inputs, with one rule for all.</summary>
    internal static Tensor RecordLinear<TConstants>(string op, Tensor y, TConstants constants, ReadOnlySpan<Tensor> inputs,
        JointRule<TConstants> rule)
    {
        Trace.Current?.AddLinear(op, y, constants, inputs);
        return paused || NodesOf(inputs) is not { } nodes ? y : AttachLinear(y, new Node<TConstants>(op, y, nodes, rule), constants);
    }

    /// <summary>As <c>Record</c>, for a kernel that gives all gradients at once. An input that is absent is null.</summary>
    internal static Tensor RecordJoint<TSaved>(string op, Tensor y, TSaved saved, ReadOnlySpan<Tensor?> inputs, JointRule<TSaved> rule)
        where TSaved : struct, ISaved<TSaved>
    {
        Note(op, y, saved, inputs);
        return paused || NodesOf(inputs) is not { } nodes ? y : Attach(y, new Node<TSaved>(op, y, nodes, rule), saved);
    }

    /// <summary>Notes for a trace alone how y was computed: an operation without a gradient.</summary>
    internal static Tensor Note<TSaved>(string op, Tensor y, TSaved saved, params ReadOnlySpan<Tensor?> inputs)
        where TSaved : struct, ISaved<TSaved>
    {
        Trace.Current?.Add(op, y, saved, inputs);
        return y;
    }

    // Null where none is tracked.
    static Node?[]? NodesOf(ReadOnlySpan<Tensor?> inputs)
    {
        bool tracked = false;
        foreach (Tensor? x in inputs) tracked |= x?.Node != null;
        if (!tracked) return null;
        Node?[] nodes = new Node?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) nodes[i] = inputs[i]?.Node;
        return nodes;
    }

    static Tensor Attach<TSaved>(Tensor y, Node<TSaved> node, TSaved saved) where TSaved : struct, ISaved<TSaved>
    {
        y.Node = node;
        SavedTensors keeper = SavedTensors.Rent(guarded: Scope.CurrentStep == null);
        node.Save(saved.Keep(keeper), keeper);
        Scope.Register(node);
        return y;
    }

    static Tensor AttachLinear<TConstants>(Tensor y, Node<TConstants> node, TConstants constants)
    {
        y.Node = node;
        node.Save(constants);
        Scope.Register(node);
        return y;
    }
}
