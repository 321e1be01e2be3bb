namespace Sagan.Native.Kernels;

/// <summary>Where Adam adds epsilon; m and v are the moments of the gradient, b1 and b2 their decays, t the step from 1.</summary>
public enum AdamForm
{
    /// <summary>p -= lr / (1 - b1^t) * m / (sqrt(v / (1 - b2^t)) + eps): PyTorch, and the paper's algorithm 1.</summary>
    Torch,

    /// <summary>p -= lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps): TensorFlow, whose eps weighs more in the first steps.</summary>
    TensorFlow,
}

/// <summary>
/// Hyperparameters of one Adam step; Step is t, counted from 1. |error| of p at most one rounding of p, 1e-5 of its change and 1e-7 lr; of
/// m and v two roundings of their terms.
/// </summary>
readonly record struct AdamSpec(float LearningRate, double Beta1, double Beta2, float Epsilon, int Step, AdamForm Form);

/// <summary>One parameter of a group: its value p, gradient g and moments m, v, all of Count elements.</summary>
readonly record struct AdamSlot(Storage P, Storage G, Storage M, Storage V, int Count);
