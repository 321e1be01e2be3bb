using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Autograd
{
    /// <summary>
    /// The gradients of a scalar y with respect to each of <paramref name="wrt"/>: reverse-mode differentiation, dL/dx = sum over uses of
    /// x of (dy/dx)^T dL/dy.
    /// Walks only the paths that reach <paramref name="wrt"/>; accumulates nothing anywhere. A tensor that y does not depend on has
    /// gradient 0.
    /// </summary>
    /// <param name="y">The scalar to differentiate.</param>
    /// <param name="wrt">Tracked tensors: parameters, results of <see cref="Tensor.RequireGrad"/>, or values computed from them.</param>
    /// <param name="createGraph">True records the backward pass, so that the gradients can be differentiated in turn, and keeps the graph
    /// of y for another pass.</param>
    /// <returns>One gradient per entry of <paramref name="wrt"/>, in its shape.</returns>
    public static Tensor[] Grad(Tensor y, IReadOnlyList<Tensor> wrt, bool createGraph = false)
    {
        if (y.Count != 1)
            throw new ShapeException($"grad: y is {y.Shape}, a scalar is needed; sum it, or weight it with a cotangent first.");
        if (y.Node == null)
            throw new InvalidOperationException("grad: y is not tracked: nothing it was computed from is a parameter or came from "
                + "RequireGrad, or recording was off, or it was returned from a step, whose graph ended with it.");
        for (int i = 0; i < wrt.Count; i++)
            if (wrt[i].Node == null)
                throw new InvalidOperationException($"grad: wrt[{i}] {wrt[i].Shape} is not tracked; use RequireGrad before it is used.");

        using Scope scope = Scope.Enter(isEngine: true);
        bool before = paused;
        paused = !createGraph;
        try
        {
            using Walk walk = Walk.Enter();
            Tensor[] gradients = walk.Gradients(y, wrt, createGraph);
            foreach (Tensor g in gradients) scope.Keep(g);
            return gradients;
        }
        finally
        {
            paused = before;
        }
    }

    /// <summary>The gradients of a scalar with respect to parameters. See
    /// <see cref="Grad(Tensor, IReadOnlyList{Tensor}, bool)"/>.</summary>
    public static Tensor[] Grad(Tensor y, IReadOnlyList<Parameter> wrt, bool createGraph = false)
    {
        Tensor[] values = new Tensor[wrt.Count];
        for (int i = 0; i < values.Length; i++) values[i] = wrt[i].Value;
        return Grad(y, values, createGraph);
    }

    /// <summary>True when y was computed from one of the parameters at least, whatever the value of the gradient.</summary>
    internal static bool DependsOnAny(Tensor y, IReadOnlyList<Parameter> parameters)
    {
        if (y.Node == null) return false;
        using Walk walk = Walk.Enter();
        return walk.Reaches(y.Node, parameters);
    }

    /// <summary>One backward pass. The objects are used again, since their tables are large against the few hundred tensors of a training
    /// step.</summary>
    sealed class Walk : IDisposable
    {
        [ThreadStatic] static Stack<Walk>? spare;
        readonly HashSet<Node> targets = [];
        readonly Dictionary<Node, bool> reaches = [];
        readonly Stack<(Node Node, bool Expanded)> work = new();
        // The nodes between y and the targets, y first, in topological order.
        readonly List<Node> path = [];
        readonly Dictionary<Node, Tensor> gradient = [];
        readonly Gradients d = new();

        public static Walk Enter() => spare is { Count: > 0 } ? spare.Pop() : new Walk();

        public void Dispose()
        {
            targets.Clear();
            reaches.Clear();
            work.Clear();
            path.Clear();
            gradient.Clear();
            d.Reset(0);
            (spare ??= new Stack<Walk>()).Push(this);
        }

        public Tensor[] Gradients(Tensor y, IReadOnlyList<Tensor> wrt, bool createGraph)
        {
            for (int i = 0; i < wrt.Count; i++) targets.Add(wrt[i].Node!);
            FindPath(y.Node!);
            gradient[y.Node!] = Tensor.Ones(y.Shape, y.Device);
            foreach (Node node in path)
            {
                if (!gradient.TryGetValue(node, out Tensor? g) || !Want(node)) continue;
                using (Scope rule = Scope.Enter(isEngine: true))
                {
                    // A rule may overwrite a g that nobody else holds (Ops.InPlaceOf); the gradient of a target is a result.
                    if (targets.Contains(node)) g.Alias(g.Shape, null);
                    node.Backward(g, d);
                    for (int i = 0; i < node.Inputs.Length; i++)
                        if (d.Wants(i) && d[i] is { } dx) Accumulate(node.Inputs[i]!, dx, rule);
                }
                if (createGraph) continue;
                node.ReleaseSaved();
                if (!targets.Contains(node)) g.Release();
            }
            // A tensor that is asked for twice gets two handles.
            bool distinct = targets.Count == wrt.Count;
            Tensor[] results = new Tensor[wrt.Count];
            for (int i = 0; i < results.Length; i++)
                if (!gradient.TryGetValue(wrt[i].Node!, out Tensor? g)) results[i] = Tensor.Zeros(wrt[i].Shape, wrt[i].Device);
                else results[i] = distinct ? g : g.Alias(g.Shape, g.Node);
            return results;
        }

        // Asks for the gradients of those inputs that lead to a target; false where none does.
        bool Want(Node node)
        {
            d.Reset(node.Inputs.Length);
            bool any = false;
            for (int i = 0; i < node.Inputs.Length; i++)
                if (node.Inputs[i] is { } input && reaches[input])
                {
                    d.Want(i);
                    any = true;
                }
            return any;
        }

        void Accumulate(Node input, Tensor dx, Scope rule)
        {
            if (dx.Shape != input.Shape)
                throw new ShapeException($"grad: a rule gave {dx.Shape} as the gradient of '{input.Op}' {input.Shape}.");
            if (!gradient.TryGetValue(input, out Tensor? sum))
            {
                // A rule may return g itself or something it saved: the gradient gets a handle of its own.
                gradient[input] = rule.Keep(rule.Owns(dx) ? dx : dx.Alias(dx.Shape, dx.Node));
                return;
            }
            if (paused && sum.Storage.IsExclusive)
            {
                // Neither another gradient nor what a rule saved shares the memory of this sum: it is added to in place.
                BroadcastSpec c = new(sum.Shape, dx.Shape, sum.Shape);
                sum.Backend.Zip(sum.Storage, dx.Storage, sum.Storage, c, default(AddOp));
                return;
            }
            Tensor total = Ops.Add(sum, dx);
            // Recording keeps its own reference to the old sum where it needs one.
            sum.Release();
            gradient[input] = rule.Keep(total);
        }

        public bool Reaches(Node y, IReadOnlyList<Parameter> parameters)
        {
            foreach (Parameter p in parameters)
                if (p.Value.Node is { } leaf) targets.Add(leaf);
            FindPath(y);
            return path.Count > 0;
        }

        void FindPath(Node y)
        {
            work.Push((y, false));
            while (work.TryPop(out (Node Node, bool Expanded) w))
            {
                if (!w.Expanded)
                {
                    if (!reaches.TryAdd(w.Node, targets.Contains(w.Node))) continue;
                    work.Push((w.Node, true));
                    foreach (Node? input in w.Node.Inputs)
                        if (input != null && !reaches.ContainsKey(input)) work.Push((input, false));
                    continue;
                }
                bool any = reaches[w.Node];
                foreach (Node? input in w.Node.Inputs) any |= input != null && reaches[input];
                reaches[w.Node] = any;
                if (any) path.Add(w.Node);
            }
            path.Sort(static (a, b) => b.Id.CompareTo(a.Id));
        }
    }
}
