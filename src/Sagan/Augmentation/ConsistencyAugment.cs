namespace Sagan.Native.Augmentation;

/// <summary>What consistency regularisation changes images with (Zhang et al. 2020; Zhao et al. 2021): half are mirrored, and each is
/// shifted by up to an eighth of its side.</summary>
public static class ConsistencyAugment
{
    /// <summary>A new one.</summary>
    /// <param name="seed">The draws follow from it; not that of another augmentation.</param>
    public static DiffAugment Create(ulong seed) => new(seed, AugmentPolicies.Flip | AugmentPolicies.Translation);
}
