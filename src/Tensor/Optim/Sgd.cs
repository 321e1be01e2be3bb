namespace Sagan.Native.Optim;

/// <summary>
/// Stochastic gradient descent, with momentum where it is not 0, as PyTorch has it.
/// <code>g = g + decay p          (weight decay as an L2 penalty)
/// m = momentum m + g        m begins as 0
/// p -= lr m                 Nesterov:  p -= lr (g + momentum m)</code>
/// Sources: Polyak 1964; Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".
/// </summary>
public sealed class Sgd : Optimizer
{
    readonly Parameter[] momenta;
    readonly float momentum, weightDecay;
    readonly bool nesterov;

    /// <param name="parameters">What is trained: at least one, and each once.</param>
    /// <param name="learningRate">lr, not negative.</param>
    /// <param name="momentum">In [0, 1).</param>
    /// <param name="nesterov">Look ahead along the momentum, which must not be 0.</param>
    /// <param name="weightDecay">decay, not negative.</param>
    public Sgd(IReadOnlyList<Parameter> parameters, float learningRate, float momentum = 0, bool nesterov = false, float weightDecay = 0)
        : base("sgd", parameters, learningRate)
    {
        if (!(momentum is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(momentum), momentum, "sgd: the momentum must be in [0, 1).");
        if (nesterov && momentum == 0) throw new ArgumentException("sgd: Nesterov's form needs a momentum above 0.", nameof(nesterov));
        if (!(weightDecay >= 0))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "sgd: the weight decay must not be negative.");
        (this.momentum, this.nesterov, this.weightDecay) = (momentum, nesterov, weightDecay);
        momenta = momentum == 0 ? [] : [.. parameters.Select(p => Buffer("momentum_buffer", p))];
    }

    /// <summary>The trained parameters with their momenta, where there are: with <see cref="Optimizer.StepCount"/> the state to
    /// save.</summary>
    public IEnumerable<(Parameter Parameter, Parameter Momentum)> State() => Parameters.Zip(momenta);

    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Tensor?> gradients)
    {
        CheckGradients(gradients);
        StepCount++;
        Native.Step.Run(() => Autograd.NoGrad(() =>
        {
            for (int i = 0; i < Parameters.Count; i++)
                if (gradients[i] is { } g) Step(i, g);
        }));
    }

    void Step(int i, Tensor g)
    {
        Parameter p = Parameters[i];
        if (weightDecay != 0) g += weightDecay * p.Value;
        if (momentum != 0)
        {
            Parameter m = momenta[i];
            CheckMoved(m, p);
            Scale(m, momentum);
            AddScaled(m, g, 1);
            g = nesterov ? g + momentum * m.Value : m.Value;
        }
        AddScaled(p, g, -LearningRate);
    }
}
