using System.Numerics;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>What one half of a picture shows. Colours are indices as in <see cref="Creature"/>.</summary>
public sealed record CreatureHalf(int Background, int Body, int EarColour, EarShape EarShape, int EyeColour);

/// <summary>
/// Reads the attributes of a <see cref="Creature"/> back from the pixels of each half alone, on a copy of 32x32: colours as the nearest of
/// the palette to the mean over a part's place, the ear's shape as the nearest of the silhouettes that <see cref="CreaturePainter"/> draws
/// at all poses. There is a figure where on either side
/// <list type="bullet">
/// <item>the corners are of one colour near one of the backgrounds,</item>
/// <item>the body stands out from them, in a colour near one of the palette,</item>
/// <item>an ear stands out from them where ears are, in a colour near one of the palette and in one of the shapes,</item>
/// <item>an eye is where eyes are: the darkest of its place is dark, the lightest much lighter.</item>
/// </list>
/// The limits lie between real creatures of 16 to 64 pixels and pictures that only suggest one: blurred, grey, averaged, early in training.
/// </summary>
static class CreatureReader
{
    const int N = 32, Half = N / 2;

    /// <summary>Distances in RGB, 0 to 441.</summary>
    const float PlainDeviation = 26, NearBackground = 45, NearColour = 60, VisibleContrast = 60;

    /// <summary>
    /// Luminance of a pupil at most, and by how much the white around it is lighter at least; real eyes of 16x16, of two pixels, just pass.
    /// </summary>
    const float DarkPupil = 131, EyeContrast = 32;

    const float WorstMatch = 0.45f;

    static readonly Vector3[] Colours = [.. Creature.Colours.Select(CreaturePainter.Rgb)];
    static readonly Vector3[] EyeTints = [.. Creature.EyeColours.Select(colour => FromWhite(CreaturePainter.Rgb(colour)))];
    static readonly Vector3[] Backgrounds = [.. Creature.Backgrounds.Select(CreaturePainter.Rgb)];

    static readonly Zone EarZone = new(3, 0, Half, 12), EarColourZone = new(3, 0, Half, 8);
    static readonly Zone BodyZone = new(10, 23, 14, 26), EyeZone = new(9, 14, 14, 20);
    static readonly Zone[] Corners = [new(0, 0, 4, 4), new(0, 29, 4, N)];

    static readonly (EarShape Shape, float[] Mask)[] EarTemplates = Templates();

    /// <summary>Both halves; null where the picture shows no figure.</summary>
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
        if (border.Average(c => (c - background).Length()) > PlainDeviation) return null;
        if (Nearest(background, Backgrounds, NearBackground) is not { } plain) return null;
        Vector3 body = Median([.. BodyZone.Of(p)]);
        if ((body - background).Length() < VisibleContrast || Nearest(body, Colours, NearColour) is not { } bodyColour) return null;
        if (Accent(EarColourZone.Of(p), background) is not { } earColour) return null;
        if (Match(EarZone.Of(p), background) is not { } earShape) return null;
        return Pupil(EyeZone.Of(p)) is { } pupil && Nearest(FromWhite(pupil), EyeTints, float.PositiveInfinity) is { } eyeColour
            ? new CreatureHalf(plain, bodyColour, earColour, earShape, eyeColour)
            : null;
    }

    /// <summary>
    /// Colour of what stands out from the background: the mean of the pixels with at least 0.75 of the largest contrast in the zone. Null
    /// for none.
    /// </summary>
    static int? Accent(Vector3[] zone, Vector3 background)
    {
        float most = zone.Max(c => (c - background).Length());
        if (most < VisibleContrast) return null;
        return Nearest(Mean(zone.Where(c => (c - background).Length() >= 0.75f * most)), Colours, NearColour);
    }

    /// <summary>
    /// The mean of the four darkest pixels: in the zone of an eye nothing is darker than the pupil. Null where they are not dark or nothing
    /// is light.
    /// </summary>
    static Vector3? Pupil(Vector3[] zone)
    {
        Vector3[] byLight = [.. zone.OrderBy(Luminance)];
        Vector3 darkest = Mean(byLight[..4]), lightest = Mean(byLight[^4..]);
        return Luminance(darkest) > DarkPupil || Luminance(lightest) - Luminance(darkest) < EyeContrast ? null : darkest;
    }

    static float Luminance(Vector3 c) => Vector3.Dot(c, new Vector3(0.299f, 0.587f, 0.114f));

    static Vector3 Mean(IEnumerable<Vector3> colours)
    {
        (Vector3 sum, int count) = (Vector3.Zero, 0);
        foreach (Vector3 c in colours) (sum, count) = (sum + c, count + 1);
        return sum / count;
    }

    /// <summary>
    /// Direction from white to a colour: the same for the colour and for what is left of it after blurring with the white around.
    /// </summary>
    static Vector3 FromWhite(Vector3 colour) => Vector3.Normalize(new Vector3(256) - colour);

    /// <summary>
    /// The template with the least squared difference to the zone's contrast, null where even that differs by more than 0.45 of its own
    /// square sum.
    /// </summary>
    static EarShape? Match(Vector3[] zone, Vector3 background)
    {
        float most = zone.Max(c => (c - background).Length());
        if (most < VisibleContrast)
        {
            return null;
        }
        float[] mask = [.. zone.Select(c => MathF.Min(1, (c - background).Length() / (0.8f * most)))];
        (EarShape? best, float least) = (null, WorstMatch);
        foreach ((EarShape shape, float[] template) in EarTemplates)
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
                (best, least) = (shape, difference / square);
            }
        }
        return best;
    }

    static (EarShape, float[])[] Templates()
    {
        List<(EarShape, float[])> templates = [];
        foreach (EarShape shape in Enum.GetValues<EarShape>())
        {
            for (float x = -1; x <= 1; x++)
            {
                for (float y = -1; y <= 1; y++)
                {
                    foreach (float scale in (float[])[0.955f, 0.99f, 1.025f])
                    {
                        Creature pose = new(0, 1, shape, 0, 1, 0, true, x * 0.7f / N, y * 0.7f / N, scale);
                        float[] whole = new CreaturePainter(pose, N).Silhouette();
                        float[] half = [.. Enumerable.Range(0, N * Half).Select(i => whole[i / Half * N + i % Half])];
                        templates.Add((shape, EarZone.Of(half)));
                    }
                }
            }
        }
        return [.. templates];
    }

    /// <summary>Index of the nearest colour; null where even that is farther than <paramref name="most"/>.</summary>
    static int? Nearest(Vector3 colour, Vector3[] palette, float most)
    {
        int best = 0;
        for (int i = 1; i < palette.Length; i++)
        {
            best = (colour - palette[i]).LengthSquared() < (colour - palette[best]).LengthSquared() ? i : best;
        }
        return (colour - palette[best]).Length() <= most ? best : null;
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
