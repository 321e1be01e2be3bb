using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>Shape of both ears of a <see cref="Creature"/>; also its label.</summary>
public enum EarShape
{
    /// <summary>Label 0: a circle.</summary>
    Round,

    /// <summary>Label 1: a triangle.</summary>
    Pointed,

    /// <summary>Label 2: a tall ellipse.</summary>
    Long,
}

/// <summary>
/// A figure of the built-in set: a coloured body with two ears, two eyes, arms and feet on a plain pale background. Everything is two-sided
/// and its far-apart parts agree: both ears have one shape, ears, arms and feet one colour, both eyes one colour, both sides one number of
/// arms. Which, is drawn from a seed. So a generator that paints convincing parts but does not look across the image is found out: see
/// <see cref="CreatureConsistency"/>.
/// </summary>
/// <param name="Body">Colour of the body, an index of <see cref="Colours"/>.</param>
/// <param name="Accent">Colour of ears, arms and feet, another index of <see cref="Colours"/>.</param>
/// <param name="Ears">Shape of the ears.</param>
/// <param name="Eyes">Colour of the eyes, an index of <see cref="EyeColours"/>.</param>
/// <param name="Arms">Number of arms on either side, 1 or 2.</param>
/// <param name="Background">An index of <see cref="Backgrounds"/>.</param>
/// <param name="Smiles">True: a smile; false: an open mouth.</param>
/// <param name="X">Shift to the right as a part of the image's width.</param>
/// <param name="Y">Shift down as a part of the image's height.</param>
/// <param name="Scale">Size of the figure, about 1.</param>
public sealed record Creature(int Body, int Accent, EarShape Ears, int Eyes, int Arms, int Background, bool Smiles, float X, float Y,
    float Scale)
{
    /// <summary>Smallest size at which every part can be seen.</summary>
    public const int SmallestSize = 16;

    const ulong Stream = 0xC4EA;
    const float Shift = 0.025f, SmallestScale = 0.95f, LargestScale = 1.03f;

    /// <summary>Colours of bodies and accents, 0xRRGGBB: coral, amber, green, blue, violet, pink.</summary>
    public static IReadOnlyList<int> Colours { get; } = [0xF0544F, 0xFAB032, 0x4FB86A, 0x4196EB, 0x8E5BD6, 0xF48FC0];

    /// <summary>Colours of pupils: ink, blue, crimson.</summary>
    public static IReadOnlyList<int> EyeColours { get; } = [0x1C1C2C, 0x1846C8, 0x9C1430];

    /// <summary>Cream, mint, ice, lilac.</summary>
    public static IReadOnlyList<int> Backgrounds { get; } = [0xFBF3DF, 0xDDF3E4, 0xDCECFB, 0xEEE3F8];

    /// <summary>Creature number <paramref name="index"/> of the set of <paramref name="seed"/>.</summary>
    public static Creature FromSeed(ulong seed, long index)
    {
        ulong key = CounterRandom.Bits(seed, Stream, (ulong)index);
        ulong draw = 0;
        int Pick(int below) => CounterRandom.Below(below, key, Stream, draw++);
        float Between(float low, float high) => low + (high - low) * CounterRandom.Unit(key, Stream, draw++);
        int body = Pick(Colours.Count);
        int accent = (body + 1 + Pick(Colours.Count - 1)) % Colours.Count;
        return new Creature(body, accent, (EarShape)Pick(3), Pick(EyeColours.Count), 1 + Pick(2), Pick(Backgrounds.Count), Pick(2) == 0,
            Between(-Shift, Shift), Between(-Shift, Shift), Between(SmallestScale, LargestScale));
    }

    /// <summary>The figure as an RGB image of size x size, antialiased.</summary>
    public Image Draw(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, SmallestSize);
        return new CreaturePainter(this, size).Paint();
    }
}
