using Sagan.Native.Kernels;

namespace Sagan.Native.Optim;

/// <summary>
/// <see cref="Adam"/> whose weight decay does not go through the moments: before each step p = (1 - lr decay) p.
/// Source: Loshchilov and Hutter 2019, "Decoupled weight decay regularization".
/// </summary>
public sealed class AdamW : Adam
{
    readonly Func<Parameter, bool> decays;
    readonly float weightDecay;

    /// <param name="parameters">What is trained: at least one, and each once.</param>
    /// <param name="learningRate">lr, not negative.</param>
    /// <param name="weightDecay">decay, not negative.</param>
    /// <param name="beta1">b1 in [0, 1).</param>
    /// <param name="beta2">b2 in [0, 1).</param>
    /// <param name="epsilon">eps.</param>
    /// <param name="decays">Which parameters decay; all unless given. Often: <c>p =&gt; p.Shape.Rank &gt; 1</c>, so that biases and gains
    /// do not.</param>
    public AdamW(IReadOnlyList<Parameter> parameters, float learningRate = 1e-3f, float weightDecay = 1e-2f, double beta1 = 0.9,
        double beta2 = 0.999, float epsilon = 1e-8f, Func<Parameter, bool>? decays = null)
        : base(parameters, learningRate, beta1, beta2, epsilon)
    {
        if (!(weightDecay >= 0))
            throw new ArgumentOutOfRangeException(nameof(weightDecay), weightDecay, "adamw: the weight decay must not be negative.");
        (this.weightDecay, this.decays) = (weightDecay, decays ?? (_ => true));
    }

    /// <inheritdoc/>
    public override void Step(IReadOnlyList<Tensor?> gradients)
    {
        CheckGradients(gradients);
        if (weightDecay != 0)
            for (int i = 0; i < Parameters.Count; i++)
                if (gradients[i] != null && decays(Parameters[i])) Scale(Parameters[i], 1 - LearningRate * weightDecay);
        base.Step(gradients);
    }
}
