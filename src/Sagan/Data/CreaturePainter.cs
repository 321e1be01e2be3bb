using System.Numerics;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>
/// Draws a <see cref="Creature"/> from signed distances: a pixel whose centre lies d pixels outside a shape is covered by clamp(1/2 - d, 0,
/// 1) of it, which is antialiasing good to a few percent. Coordinates are parts of the image's side, y down; the left half is the mirror
/// image of the right one.
/// </summary>
sealed class CreaturePainter
{
    const int SmallestGlint = 48;

    static readonly Vector3 White = new(255), Ink = Rgb(0x2A2438), Blush = Rgb(0xFF6B81), Tongue = Rgb(0xE8505B);

    /// <summary>Body: centre and radii.</summary>
    static readonly Vector2 BodyAt = new(0.5f, 0.60f), BodyRadii = new(0.29f, 0.285f);

    /// <summary>A box that no part of the face reaches out of, antialiasing at the smallest size included.</summary>
    const float FaceWidth = 0.32f, FaceY = 0.6f, FaceHeight = 0.25f;

    readonly Creature creature;
    readonly int size;
    readonly float pixels;
    readonly Vector3 body, accent, eyes, background;

    public CreaturePainter(Creature creature, int size)
    {
        (this.creature, this.size, pixels) = (creature, size, size * creature.Scale);
        (body, accent) = (Rgb(Creature.Colours[creature.Body]), Rgb(Creature.Colours[creature.Accent]));
        (eyes, background) = (Rgb(Creature.EyeColours[creature.Eyes]), Rgb(Creature.Backgrounds[creature.Background]));
    }

    public static Vector3 Rgb(int colour) => new(colour >> 16 & 255, colour >> 8 & 255, colour & 255);

    public Image Paint()
    {
        Image image = new(size, size, 3);
        for (int y = 0, at = 0; y < size; y++)
        {
            for (int x = 0; x < size; x++, at += 3)
            {
                Vector3 colour = Colour(Place(x, y)) + new Vector3(0.5f);
                (image.Pixels[at], image.Pixels[at + 1], image.Pixels[at + 2]) = ((byte)colour.X, (byte)colour.Y, (byte)colour.Z);
            }
        }
        return image;
    }

    /// <summary>How much of every pixel the figure covers, 0 to 1, row by row: what the measure compares shapes with.</summary>
    public float[] Silhouette()
    {
        float[] mask = new float[size * size];
        for (int i = 0; i < mask.Length; i++)
        {
            Vector2 p = Place(i % size, i / size), half = Right(p);
            mask[i] = Coverage(MathF.Min(Limbs(half), Ellipse(p - BodyAt, BodyRadii)));
        }
        return mask;
    }

    Vector3 Colour(Vector2 p)
    {
        Vector2 half = Right(p);
        Vector3 c = background;
        float cover = Coverage(Ellipse(p - BodyAt, BodyRadii));
        // What is wholly under the body is not drawn; nor, below, is a face where there is no body at all: the same bytes in a third of the
        // time.
        if (cover < 1) c = Over(c, accent, Coverage(Limbs(half)));
        c = Over(c, body, cover);
        if (MathF.Abs(half.X - 0.5f) > FaceWidth || MathF.Abs(p.Y - FaceY) > FaceHeight) return c;
        c = Over(c, Blush, 0.45f * Coverage(Ellipse(half - new Vector2(0.695f, 0.655f), new Vector2(0.05f, 0.035f))));
        Vector2 eye = half - new Vector2(0.615f, 0.535f);
        c = Over(c, White, Coverage(eye.Length() - 0.09f));
        c = Over(c, eyes, Coverage(eye.Length() - 0.058f));
        // The light falls from one side: the glint is the one thing that is not mirrored. In a small image it would only blur the pupil.
        if (size >= SmallestGlint)
        {
            Vector2 glint = p - new Vector2(p.X < 0.5f ? 0.405f : 0.635f, 0.513f);
            c = Over(c, White, Coverage(glint.Length() - 0.017f));
        }
        return Mouth(p, c);
    }

    Vector3 Mouth(Vector2 p, Vector3 c)
    {
        Vector2 q = p - new Vector2(0.5f, 0.665f);
        if (!creature.Smiles)
        {
            float open = Ellipse(q - new Vector2(0, 0.03f), new Vector2(0.05f, 0.058f));
            c = Over(c, Ink, Coverage(open));
            return Over(c, Tongue, Coverage(MathF.Max(open + 0.012f, Ellipse(q - new Vector2(0, 0.075f), new Vector2(0.045f, 0.035f)))));
        }
        // A smile is the lower arc of a ring.
        float ring = MathF.Abs((q + new Vector2(0, 0.03f)).Length() - 0.085f) - 0.019f;
        return Over(c, Ink, Coverage(MathF.Max(ring, -q.Y)));
    }

    // Ears end above 0.45; arms begin at 0.63 and lie between 0.46 and 0.84; feet begin below 0.83. Beyond that and a pixel of the smallest
    // image they cover nothing, whatever the distance is.
    float Limbs(Vector2 p)
    {
        float d = 1;
        if (p.Y < 0.5f) d = Ear(p);
        if (p.X > 0.58f && p.Y is > 0.41f and < 0.89f) d = MathF.Min(d, Arm(p));
        return p.Y > 0.78f ? MathF.Min(d, Foot(p)) : d;
    }

    float Ear(Vector2 p) => creature.Ears switch
    {
        EarShape.Round => (p - new Vector2(0.705f, 0.285f)).Length() - 0.125f,
        EarShape.Pointed => Triangle(p, new Vector2(0.56f, 0.36f), new Vector2(0.74f, 0.11f), new Vector2(0.775f, 0.42f)) - 0.03f,
        _ => Ellipse(Turn(p - new Vector2(0.645f, 0.235f), 0.24f), new Vector2(0.066f, 0.19f)),
    };

    float Arm(Vector2 p) => creature.Arms == 1
        ? Segment(p, new Vector2(0.72f, 0.63f), new Vector2(0.865f, 0.635f)) - 0.068f
        : MathF.Min(
            Segment(p, new Vector2(0.72f, 0.56f), new Vector2(0.865f, 0.52f)),
            Segment(p, new Vector2(0.70f, 0.72f), new Vector2(0.865f, 0.775f))) - 0.06f;

    static float Foot(Vector2 p) => Ellipse(p - new Vector2(0.61f, 0.885f), new Vector2(0.09f, 0.05f));

    /// <summary>Centre of a pixel in the figure's coordinates.</summary>
    Vector2 Place(int x, int y)
    {
        Vector2 centre = new(0.5f);
        return (new Vector2(x + 0.5f, y + 0.5f) / size - centre - new Vector2(creature.X, creature.Y)) / creature.Scale + centre;
    }

    float Coverage(float distance) => Math.Clamp(0.5f - distance * pixels, 0, 1);

    static Vector2 Right(Vector2 p) => p with { X = 0.5f + MathF.Abs(p.X - 0.5f) };

    static Vector3 Over(Vector3 below, Vector3 above, float coverage) => Vector3.Lerp(below, above, coverage);

    static Vector2 Turn(Vector2 p, float angle)
    {
        (float s, float c) = MathF.SinCos(angle);
        return new Vector2(c * p.X + s * p.Y, c * p.Y - s * p.X);
    }

    /// <summary>Distance to an ellipse to first order: f/|grad f| of f = |p/r| - 1.</summary>
    static float Ellipse(Vector2 p, Vector2 r)
    {
        float f = (p / r).Length(), slope = (p / (r * r)).Length();
        return slope < 1e-6f ? -MathF.Min(r.X, r.Y) : f * (f - 1) / slope;
    }

    static float Segment(Vector2 p, Vector2 a, Vector2 b)
    {
        Vector2 ab = b - a;
        float t = Math.Clamp(Vector2.Dot(p - a, ab) / ab.LengthSquared(), 0, 1);
        return (p - a - t * ab).Length();
    }

    /// <summary>Exact distance to a triangle, negative inside.</summary>
    static float Triangle(Vector2 p, Vector2 a, Vector2 b, Vector2 c)
    {
        float edge = MathF.Min(Segment(p, a, b), MathF.Min(Segment(p, b, c), Segment(p, c, a)));
        bool inside = Cross(p, a, b) >= 0 == Cross(p, b, c) >= 0 && Cross(p, b, c) >= 0 == Cross(p, c, a) >= 0;
        return inside ? -edge : edge;
    }

    static float Cross(Vector2 p, Vector2 a, Vector2 b) => (b.X - a.X) * (p.Y - a.Y) - (b.Y - a.Y) * (p.X - a.X);
}
