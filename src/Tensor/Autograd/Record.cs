namespace Sagan.Native;

/// <summary>The tape: operations on tracked tensors are recorded as they run, and <see cref="Grad(Tensor, IReadOnlyList{Tensor}, bool)"/> walks them
/// backwards.</summary>
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

    /// <summary>
    /// Notes how y was computed from one or two inputs. Each has its own rule, which is skipped when that gradient is not asked for. All memory a rule keeps alive is in
    /// <paramref name="save"/>, since rules are static lambdas.
    /// </summary>
    internal static Tensor Record<TSpec>(string op, Tensor y, TSpec spec, ReadOnlySpan<Tensor> save, params ReadOnlySpan<(Tensor Input, Rule<TSpec> Rule)> inputs)
    {
        if (paused) return y;
        bool tracked = false;
        foreach ((Tensor x, _) in inputs) tracked |= x.Node != null;
        if (!tracked) return y;
        Node?[] nodes = new Node?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) nodes[i] = inputs[i].Input.Node;
        y.Node = new Node<TSpec>(op, y, nodes, spec, inputs[0].Rule, inputs.Length > 1 ? inputs[1].Rule : null);
        y.Node.Save(save);
        return y;
    }

    /// <summary>As <see cref="Record"/>, for a kernel that gives all gradients at once. An input that is absent is null.</summary>
    internal static Tensor RecordJoint<TSpec>(string op, Tensor y, TSpec spec, ReadOnlySpan<Tensor> save, ReadOnlySpan<Tensor?> inputs, JointRule<TSpec> rule)
    {
        if (paused) return y;
        bool tracked = false;
        foreach (Tensor? x in inputs) tracked |= x?.Node != null;
        if (!tracked) return y;
        Node?[] nodes = new Node?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) nodes[i] = inputs[i]?.Node;
        y.Node = new JointNode<TSpec>(op, y, nodes, spec, rule);
        y.Node.Save(save);
        return y;
    }
}
