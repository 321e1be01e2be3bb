namespace Sagan.Native.Augmentation;

/// <summary>What <see cref="DiffAugment"/> does, in this order.</summary>
[Flags]
public enum AugmentPolicies
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Mirrors half of the images left to right.</summary>
    Flip = 1,

    /// <summary>Changes brightness, saturation and contrast.</summary>
    Color = 2,

    /// <summary>Shifts by up to an eighth of the side.</summary>
    Translation = 4,

    /// <summary>Blanks a square of half the side.</summary>
    Cutout = 8,
}

/// <summary>Policies as a text, such as <c>color,translation,cutout</c>.</summary>
static class AugmentPolicyText
{
    static readonly AugmentPolicies[] All = [AugmentPolicies.Flip, AugmentPolicies.Color, AugmentPolicies.Translation,
        AugmentPolicies.Cutout];

    /// <summary>Reads a list of names separated by commas; false where there is an unknown one, which comes back.</summary>
    public static bool TryParse(string text, out AugmentPolicies policies, out string unknown)
    {
        (policies, unknown) = (AugmentPolicies.None, "");
        foreach (string name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            AugmentPolicies found = All.FirstOrDefault(p => p.ToString().Equals(name, StringComparison.OrdinalIgnoreCase));
            if (found == AugmentPolicies.None)
            {
                unknown = name;
                return false;
            }
            policies |= found;
        }
        return true;
    }
}
