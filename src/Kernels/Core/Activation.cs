namespace Sagan.Native.Kernels;

/// <summary>What follows a product or a normalisation.</summary>
public enum ActivationKind
{
    /// <summary>act(z) = z.</summary>
    None,

    /// <summary>act(z) = z &lt; 0 ? Slope z : z. ReLU is slope 0, and 0 for every z below 0, minus infinity too. NaN stays NaN.</summary>
    LeakyRelu,

    /// <summary>act(z) = tanh z.</summary>
    Tanh,
}

/// <summary>
/// An activation as a value, for the epilogue of fused kernels. All of them have a derivative that can be told from y = act(z), so a slope
/// must not be negative.
/// </summary>
public readonly record struct Activation(ActivationKind Kind, float Slope = 0)
{
    public float Slope { get; } = Slope >= 0 && float.IsFinite(Slope) ? Slope
        : throw new ArgumentOutOfRangeException(nameof(Slope), Slope,
            "activation: the slope must be a number of at least 0, since the gradient is told from the sign of y.");

    public static Activation None => default;

    public static Activation Relu => new(ActivationKind.LeakyRelu);

    public static Activation Tanh => new(ActivationKind.Tanh);

    public static Activation LeakyRelu(float slope) => new(ActivationKind.LeakyRelu, slope);
}
