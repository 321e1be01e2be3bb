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
/// <param name="Kind">Which function.</param>
/// <param name="Slope">The factor of negative inputs of <see cref="ActivationKind.LeakyRelu"/>; elsewhere unused.</param>
public readonly record struct Activation(ActivationKind Kind, float Slope = 0)
{
    /// <summary>
    /// The factor of negative inputs: finite and at least 0, else <see cref="ArgumentOutOfRangeException"/>.
    /// </summary>
    public float Slope { get; } = Slope >= 0 && float.IsFinite(Slope) ? Slope
        : throw new ArgumentOutOfRangeException(nameof(Slope), Slope,
            "activation: the slope must be a number of at least 0, since the gradient is told from the sign of y.");

    /// <summary>z.</summary>
    public static Activation None => default;

    /// <summary>max(z, 0).</summary>
    public static Activation Relu => new(ActivationKind.LeakyRelu);

    /// <summary>tanh z.</summary>
    public static Activation Tanh => new(ActivationKind.Tanh);

    /// <summary>z &lt; 0 ? slope z : z, slope at least 0.</summary>
    public static Activation LeakyRelu(float slope) => new(ActivationKind.LeakyRelu, slope);
}
