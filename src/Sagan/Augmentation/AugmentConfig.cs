using Sagan.Native.Configuration;

namespace Sagan.Native.Augmentation;

/// <summary>What is done to images, real and fake, before the discriminator sees them: for training on few images.</summary>
public sealed record AugmentConfig
{
    /// <summary>The way.</summary>
    public AugmentKind Kind { get; init; } = AugmentKind.None;

    /// <summary>What diff-augment does: some of flip, color, translation and cutout, separated by commas.</summary>
    public string Policy { get; init; } = "color,translation,cutout";

    /// <summary>ada and apa: the mean sign of the real images' scores above which the probability rises.</summary>
    public double AdaTarget { get; init; } = 0.6;

    /// <summary>ada and apa: discriminator steps between two changes of the probability.</summary>
    public int AdaInterval { get; init; } = 4;

    /// <summary>ada and apa: thousands of images in which the probability can go from 0 to 1.</summary>
    public double AdaKimg { get; init; } = 500;

    /// <summary><see cref="Policy"/>, read.</summary>
    internal AugmentPolicies Policies => AugmentPolicyText.TryParse(Policy, out AugmentPolicies policies, out string unknown)
        ? policies
        : throw new ConfigException($"augment.policy = {Policy}: '{unknown}' is no policy; they are flip, color, translation and cutout.");

    internal void Validate(ConfigRules rules)
    {
        bool known = AugmentPolicyText.TryParse(Policy, out AugmentPolicies policies, out string unknown);
        rules.Require("policy", Policy, known,
            $"'{unknown}' is no policy; name some of flip, color, translation and cutout, separated by commas");
        rules.Require("policy", Policy, !known || policies != AugmentPolicies.None || Kind != AugmentKind.DiffAugment,
            "diff-augment needs a policy: some of flip, color, translation and cutout, separated by commas");
        rules.Require("adaTarget", AdaTarget, AdaTarget is > -1 and < 1,
            "must be above -1 and below 1, as the mean of a sign; 0.6 is usual");
        rules.Range("adaInterval", AdaInterval, 1, 10_000);
        rules.Require("adaKimg", AdaKimg, AdaKimg is > 0 and <= 1e9, "must be above 0 and at most 1000000000; 500 is usual");
    }
}

/// <summary>A way to augment images.</summary>
public enum AugmentKind
{
    /// <summary>Images stay as they are.</summary>
    None,

    /// <summary><see cref="Augmentation.DiffAugment"/>: fixed policies.</summary>
    DiffAugment,

    /// <summary><see cref="Augmentation.Ada"/>: many transformations with a probability that adapts itself.</summary>
    Ada,

    /// <summary><see cref="Augmentation.Apa"/>: some real images give way to fakes, with a probability that adapts itself.</summary>
    Apa,
}
