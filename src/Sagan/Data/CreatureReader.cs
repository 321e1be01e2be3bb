using System.Numerics;
using Sagan.Native.Images;

namespace Sagan.Native.Data;

/// <summary>What one half of a picture shows; an attribute is null where it cannot be made out. Colours are indices as in <see cref="Creature"/>.</summary>
public sealed record CreatureHalf(int Background, int Body, int? EarColour, EarShape? EarShape, int EyeColour, int? ArmColour, int? Arms);

/// <summary>
/// Reads the attributes of a <see cref="Creature"/> back from the pixels of each half alone, on a copy of 32x32: colours as the nearest of the palette to the
/// mean over a part's place, shapes and the number of arms as the nearest of the silhouettes that <see cref="CreaturePainter"/> draws at all poses.
/// </summary>
static class CreatureReader
{
    const int N = 32, Half = N / 2;
    const float PlainDeviation = 26, VisibleContrast = 60, WorstMatch = 0.45f;

    static readonly Vector3[] Colours = [.. Creature.Colours.Select(CreaturePainter.Rgb)];
    static readonly Vector3[] EyeTints = [.. Creature.EyeColours.Select(colour => FromWhite(CreaturePainter.Rgb(colour)))];
    static readonly Vector3[] Backgrounds = [.. Creature.Backgrounds.Select(CreaturePainter.Rgb)];

    static readonly Zone EarZone = new(3, 0, Half, 12), EarColourZone = new(3, 0, Half, 8), ArmZone = new(1, 13, 6, 29), ArmColourZone = new(1, 13, 5, 29);
    static readonly Zone BodyZone = new(10, 23, 14, 26), EyeZone = new(9, 14, 14, 20);
    static readonly Zone[] Corners = [new(0, 0, 4, 4), new(0, 29, 4, N)];

    static readonly (int Value, float[] Mask)[] EarTemplates = Templates(EarZone, 3, (c, shape) => c with { Ears = (EarShape)shape });
    static readonly (int Value, float[] Mask)[] ArmTemplates = Templates(ArmZone, 2, (c, i) => c with { Arms = i + 1 });

    /// <summary>Both halves; null where the picture shows no figure: a background that is not plain, or no body on it.</summary>
    public static (CreatureHalf Left, CreatureHalf Right)? Read(Image image)
    {
        Image small = Resize.To(image.ToChannels(3), N, N);
        CreatureHalf? left = ReadHalf(small, mirror: false), right = ReadHalf(small, mirror: true);
        return left is null || right is null ? null : (left, right);
    }

    static CreatureHalf? ReadHalf(Image image, bool mirror)
    {
        Vector3[] p = new Vector3[N * Half];
        for (int y = 0; y < N; y++)
        {
            for (int x = 0; x < Half; x++)
            {
                int at = (y * N + (mirror ? N - 1 - x : x)) * 3;
                p[y * Half + x] = new Vector3(image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]);
            }
        }
        Vector3[] border = [.. Corners.SelectMany(zone => zone.Of(p))];
        Vector3 background = Median(border);
        Vector3 body = Median([.. BodyZone.Of(p)]);
        if (border.Average(c => (c - background).Length()) > PlainDeviation || (body - background).Length() < VisibleContrast)
        {
            return null;
        }
        return new CreatureHalf(
            Nearest(background, Backgrounds),
            Nearest(body, Colours),
            Accent(EarColourZone.Of(p), background),
            (EarShape?)Match(EarZone.Of(p), background, EarTemplates),
            Nearest(FromWhite(Pupil(EyeZone.Of(p))), EyeTints),
            Accent(ArmColourZone.Of(p), background),
            Match(ArmZone.Of(p), background, ArmTemplates) + 1);
    }

    /// <summary>Colour of what stands out from the background: the mean of the pixels with at least 0.75 of the largest contrast in the zone.</summary>
    static int? Accent(Vector3[] zone, Vector3 background)
    {
        float most = zone.Max(c => (c - background).Length());
        if (most < VisibleContrast)
        {
            return null;
        }
        Vector3 sum = Vector3.Zero;
        int count = 0;
        foreach (Vector3 c in zone)
        {
            if ((c - background).Length() >= 0.75f * most)
            {
                sum += c;
                count++;
            }
        }
        return Nearest(sum / count, Colours);
    }

    /// <summary>The mean of the four darkest pixels: in the zone of an eye nothing is darker than the pupil.</summary>
    static Vector3 Pupil(Vector3[] zone)
    {
        Vector3 sum = Vector3.Zero;
        foreach (Vector3 c in zone.OrderBy(c => Vector3.Dot(c, new Vector3(0.299f, 0.587f, 0.114f))).Take(4))
        {
            sum += c;
        }
        return sum / 4;
    }

    /// <summary>Direction from white to a colour: the same for the colour and for what is left of it after blurring with the white around.</summary>
    static Vector3 FromWhite(Vector3 colour) => Vector3.Normalize(new Vector3(256) - colour);

    /// <summary>
    /// The template with the least squared difference to the zone's contrast, null where even that differs by more than 0.45 of its own square sum.
    /// </summary>
    static int? Match(Vector3[] zone, Vector3 background, (int Value, float[] Mask)[] templates)
    {
        float most = zone.Max(c => (c - background).Length());
        if (most < VisibleContrast)
        {
            return null;
        }
        float[] mask = [.. zone.Select(c => MathF.Min(1, (c - background).Length() / (0.8f * most)))];
        (int? best, float least) = (null, WorstMatch);
        foreach ((int value, float[] template) in templates)
        {
            float difference = 0, square = 0;
            for (int i = 0; i < mask.Length; i++)
            {
                float d = mask[i] - template[i];
                difference += d * d;
                square += template[i] * template[i];
            }
            if (difference < least * square)
            {
                (best, least) = (value, difference / square);
            }
        }
        return best;
    }

    static (int, float[])[] Templates(Zone zone, int values, Func<Creature, int, Creature> with)
    {
        List<(int, float[])> templates = [];
        Creature plain = new(0, 1, EarShape.Round, 0, 1, 0, true, 0, 0, 1);
        for (int value = 0; value < values; value++)
        {
            for (float x = -1; x <= 1; x++)
            {
                for (float y = -1; y <= 1; y++)
                {
                    foreach (float scale in (float[])[0.955f, 0.99f, 1.025f])
                    {
                        Creature pose = with(plain, value) with { X = x * 0.7f / N, Y = y * 0.7f / N, Scale = scale };
                        float[] whole = new CreaturePainter(pose, N).Silhouette();
                        float[] half = [.. Enumerable.Range(0, N * Half).Select(i => whole[i / Half * N + i % Half])];
                        templates.Add((value, zone.Of(half)));
                    }
                }
            }
        }
        return [.. templates];
    }

    static int Nearest(Vector3 colour, Vector3[] palette)
    {
        int best = 0;
        for (int i = 1; i < palette.Length; i++)
        {
            best = (colour - palette[i]).LengthSquared() < (colour - palette[best]).LengthSquared() ? i : best;
        }
        return best;
    }

    static Vector3 Median(Vector3[] colours)
    {
        float Middle(Func<Vector3, float> channel) => colours.Select(channel).Order().ElementAt(colours.Length / 2);
        return new Vector3(Middle(c => c.X), Middle(c => c.Y), Middle(c => c.Z));
    }

    /// <summary>A rectangle of the left half, ends exclusive.</summary>
    readonly record struct Zone(int Left, int Top, int Right, int Bottom)
    {
        public T[] Of<T>(T[] half)
        {
            T[] part = new T[(Right - Left) * (Bottom - Top)];
            for (int y = Top, at = 0; y < Bottom; y++, at += Right - Left)
            {
                Array.Copy(half, y * Half + Left, part, at, Right - Left);
            }
            return part;
        }
    }
}
