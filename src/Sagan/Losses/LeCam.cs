using static Sagan.Native.Ops;

namespace Sagan.Native.Losses;

/// <summary>
/// The LeCam regulariser: scores must not run away from the averages of those of the other kind.
/// <code>R = mean relu(s(real) - E_fake)^2 + mean relu(E_real - s(fake))^2
/// E &lt;- d E + (1 - d) mean s, after each step</code>
/// Source: Tseng et al. 2021, "Regularizing generative adversarial networks under limited data", equation 7. The averages begin as 0 and
/// are part of a run's state.
/// </summary>
public sealed class LeCam(double decay, Kernels.Device device)
{
    /// <summary>E_real and E_fake.</summary>
    public IReadOnlyList<Parameter> State { get; } = [Average("lecam_real", device), Average("lecam_fake", device)];

    /// <summary>R for the scores of a batch.</summary>
    public Tensor Of(Tensor real, Tensor fake) => Mean(Square(Relu(real - Copy(State[1])))) + Mean(Square(Relu(Copy(State[0]) - fake)));

    /// <summary>Moves the averages to the mean scores of a step.</summary>
    public void Update(Tensor real, Tensor fake)
    {
        State[0].Lerp(real, (float)(1 - decay));
        State[1].Lerp(fake, (float)(1 - decay));
    }

    // The average moves before the backward pass of a later part of the batch, which the tape would refuse.
    static Tensor Copy(Parameter p) => Affine(p.Value.Detach(), 1);

    static Parameter Average(string name, Kernels.Device device) => new(name, Tensor.Scalar(0, device), trainable: false);
}
