using Sagan.Native.Kernels;

namespace Sagan.Native.Optim;

/// <summary>What moves parameters down their gradients.</summary>
public abstract class Optimizer
{
    readonly string name;

    private protected Optimizer(string name, IReadOnlyList<Parameter> parameters, float learningRate)
    {
        this.name = name;
        if (!(learningRate >= 0))
            throw new ArgumentOutOfRangeException(nameof(learningRate), learningRate, $"{name}: the learning rate must not be negative.");
        if (parameters.Count == 0)
            throw new ArgumentException($"{name}: no parameters were given, so nothing would be trained; "
                + "a module lists those it registered with Child or Own.", nameof(parameters));
        if (parameters.CountBy(p => p).FirstOrDefault(n => n.Value > 1).Key is { } twice)
            throw new ArgumentException($"{name}: parameter {twice} is given more than once and would be moved as often at each step; "
                + "Module.Parameters lists each once, Distinct() makes it so.", nameof(parameters));
        (Parameters, LearningRate) = ([.. parameters], learningRate);
    }

    /// <summary>What is trained.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>lr; may be changed between steps, by a <see cref="Schedule"/> for example.</summary>
    public float LearningRate { get; set; }

    /// <summary>Number of steps taken.</summary>
    public int StepCount { get; set; }

    /// <summary>
    /// One step: updates the parameters in place. The gradients are in the order of the parameters. Where there is none, the parameter is
    /// left out, as in PyTorch: it and what is kept for it stay as they are.
    /// </summary>
    public abstract void Step(IReadOnlyList<Tensor?> gradients);

    /// <summary>Computes a scalar loss, its gradients, and takes one step; returns the loss. A whole training step: everything computed
    /// inside is released. A loss that depends on none of the parameters is an <see cref="InvalidOperationException"/>.</summary>
    /// <param name="loss">Computes the loss.</param>
    /// <param name="change">Changes the gradients before the step: <c>g =&gt; Clip.Norm(g, 1).Gradients</c>.</param>
    public float Minimize(Func<Tensor> loss, Func<Tensor[], Tensor[]>? change = null) => Native.Step.Run(() =>
    {
        Tensor l = loss();
        if (!Autograd.DependsOnAny(l, Parameters))
            throw new InvalidOperationException($"{name}: the loss depends on none of the {Parameters.Count} parameters ("
                + $"{string.Join(", ", Parameters.Take(3))}{(Parameters.Count > 3 ? ", ..." : "")}), so no step would change it; "
                + "are they those of the network it is computed with, and was it computed without NoGrad and Detach?");
        Tensor[] gradients = Autograd.Grad(l, Parameters);
        Step(change == null ? gradients : change(gradients));
        return l.Item();
    });

    private protected void CheckGradients(IReadOnlyList<Tensor?> gradients)
    {
        if (gradients.Count != Parameters.Count)
            throw new ArgumentException($"{name}: {gradients.Count} gradients given for {Parameters.Count} parameters.");
        for (int i = 0; i < Parameters.Count; i++)
        {
            if (gradients[i] is not { } g) continue;
            if (g.Shape != Parameters[i].Shape)
                throw new ShapeException($"{name}: gradient {i} is {g.Shape}, parameter '{Parameters[i].Name}' {Parameters[i].Shape}.");
            Check.SameDevice(name, Parameters[i], g);
        }
    }

    /// <summary>What is kept for a parameter between steps: zeros at first.</summary>
    private protected static Parameter Buffer(string name, Parameter p) => new(name, Tensor.Zeros(p.Shape, p.Device), trainable: false);

    private protected void CheckMoved(Parameter buffer, Parameter p)
    {
        if (buffer.Device != p.Device)
            throw new InvalidOperationException($"{name}: parameter {p} was moved to {p.Device} after the optimiser was made on "
                + $"{buffer.Device}; make the optimiser after Module.To.");
    }

    /// <summary>p = scale p, in place.</summary>
    private protected static void Scale(Parameter p, float scale)
    {
        p.Value.Backend.Map(p.Value.Storage, p.Value.Storage, p.Value.Count, new AffineOp(scale, 0));
        p.Value.Storage.BumpVersion();
    }

    /// <summary>p += scale x, in place.</summary>
    private protected static void AddScaled(Parameter p, Tensor x, float scale)
    {
        p.Value.Backend.Zip(p.Value.Storage, x.Storage, p.Value.Storage, new BroadcastSpec(p.Shape, p.Shape, p.Shape),
            new AddScaledOp(scale));
        p.Value.Storage.BumpVersion();
    }
}
