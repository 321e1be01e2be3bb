namespace Sagan.Native.Kernels;

/// <summary>Where Adam adds epsilon: see <see cref="IFusedAdam.Adam"/>.</summary>
public enum AdamForm
{
    Torch,
    TensorFlow,
}

/// <summary>
/// Hyperparameters of one Adam step; Step is t, counted from 1. |error| of p at most one rounding of p, 1e-5 of its change and 1e-7 lr; of
/// m and v two roundings of their terms.
/// </summary>
public readonly record struct AdamSpec(float LearningRate, double Beta1, double Beta2, float Epsilon, int Step, AdamForm Form);

/// <summary>One parameter of a group: its value p, gradient g and moments m, v, all of Count elements.</summary>
public readonly record struct AdamSlot(Storage P, Storage G, Storage M, Storage V, int Count);
