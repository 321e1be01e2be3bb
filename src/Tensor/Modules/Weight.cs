namespace Sagan.Native.Modules;

/// <summary>A layer's weight: the parameter as it is trained and stored and, where the layer is spectrally normalised, what gives the
/// weight to compute with.</summary>
readonly record struct Weight(Parameter Parameter, Func<NormalizedWeight>? Normalized = null)
{
    /// <summary>What the layer's operation is given at this call.</summary>
    public NormalizedWeight Current() => Normalized?.Invoke() ?? new NormalizedWeight(Parameter);

    /// <summary>A convolution weight [A, K, K, B], which files hold as [A, B, K, K].</summary>
    public static Parameter Convolution(Tensor w) => new("weight", w)
    {
        SavedOrder = [0, 3, 1, 2],
        SavedShape = new Shape(w.Shape[0], w.Shape[3], w.Shape[1], w.Shape[2]),
    };
}

/// <summary>A layer whose weight can be normalised: seen by <see cref="SpectralNorm"/>.</summary>
interface INormalizable
{
    /// <summary>The trained weight.</summary>
    Parameter Raw { get; }

    /// <summary>True when the output units are the last axis of the weight (transposed convolution), false when they are the
    /// first.</summary>
    bool OutputsLast { get; }

    /// <summary>From now on the layer computes with w / sigma, asked for at each call.</summary>
    void Normalize(Func<NormalizedWeight> normalized);
}

/// <summary>The weight of one call: w and the triplet that a product divides it by, or w / sigma itself and no triplet.</summary>
readonly record struct NormalizedWeight(Tensor W, SingularTriplet? Norm = null);
