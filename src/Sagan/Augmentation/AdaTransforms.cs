namespace Sagan.Native.Augmentation;

/// <summary>
/// What <see cref="Ada"/> does to one image; the defaults do nothing. Each transformation happens with probability p, and each of the two
/// rotations with 1 - sqrt(1 - p), so that one or the other does with probability p. In the order in which they are applied, lengths
/// relative to the image's side:
/// <code>mirror 0 or 1;  turn 0..3 quarters;  shift U(-1/8, 1/8), rounded to pixels;  scale 2^N(0, 0.2);  rotate U(-pi, pi);
/// stretch x by s and y by 1/s, s = 2^N(0, 0.2);  rotate U(-pi, pi);  shift N(0, 1/8);
/// brightness + N(0, 0.2);  contrast * 2^N(0, 0.5);  luma mirrored 0 or 1;  hue turned by U(-pi, pi);  saturation * 2^N(0, 1)</code>
/// N(mean, standard deviation).
/// Source: Karras et al. 2020, "Training generative adversarial networks with limited data", appendix B, the pipe "bgc" of its code.
/// </summary>
readonly record struct AdaTransforms()
{
    public bool Mirror { get; init; }

    public int QuarterTurns { get; init; }

    public double ShiftX { get; init; }

    public double ShiftY { get; init; }

    public double Scale { get; init; } = 1;

    public double RotationBefore { get; init; }

    public double Stretch { get; init; } = 1;

    public double RotationAfter { get; init; }

    public double FractionX { get; init; }

    public double FractionY { get; init; }

    public double Brightness { get; init; }

    public double Contrast { get; init; } = 1;

    public bool LumaMirror { get; init; }

    public double Hue { get; init; }

    public double Saturation { get; init; } = 1;

    /// <summary>Draws with probability p.</summary>
    public static AdaTransforms Of(ImageDraws random, double p)
    {
        double rotation = 1 - Math.Sqrt(Math.Clamp(1 - p, 0, 1));
        // Transformation number t has four slots of its own: its chance, and what it is drawn from.
        bool Happens(int t, double chance) => random.Uniform(4 * t) < chance;
        bool Half(int t) => Happens(t, p) && random.Below(4 * t + 1, 2) == 1;
        double Even(int t, int of, double chance, double range) => Happens(t, chance) ? random.Uniform(4 * t + of, -range, range) : 0;
        double Normal(int t, int of, double deviation) => Happens(t, p) ? random.Normal(4 * t + of) * deviation : 0;
        return new AdaTransforms
        {
            Mirror = Half(0),
            QuarterTurns = Happens(1, p) ? random.Below(5, 4) : 0,
            ShiftX = Even(2, 1, p, 0.125),
            ShiftY = Even(2, 2, p, 0.125),
            Scale = Math.Pow(2, Normal(3, 1, 0.2)),
            RotationBefore = Even(4, 1, rotation, Math.PI),
            Stretch = Math.Pow(2, Normal(5, 1, 0.2)),
            RotationAfter = Even(6, 1, rotation, Math.PI),
            FractionX = Normal(7, 1, 0.125),
            FractionY = Normal(7, 2, 0.125),
            Brightness = Normal(8, 1, 0.2),
            Contrast = Math.Pow(2, Normal(9, 1, 0.5)),
            LumaMirror = Half(10),
            Hue = Even(11, 1, p, Math.PI),
            Saturation = Math.Pow(2, Normal(12, 1, 1)),
        };
    }

    /// <summary>Where a pixel of the result reads: the inverse of the geometric transformations, the first one applied last.</summary>
    public AffineMap Geometry(int height, int width) =>
        AffineMap.Scale(Mirror ? -1 : 1, 1) * AffineMap.Turn(QuarterTurns)
        * AffineMap.Translate(-Math.Round(ShiftX * width), -Math.Round(ShiftY * height)) * AffineMap.Scale(1 / Scale, 1 / Scale)
        * AffineMap.Rotate(RotationBefore) * AffineMap.Scale(1 / Stretch, Stretch) * AffineMap.Rotate(RotationAfter)
        * AffineMap.Translate(-FractionX * width, -FractionY * height);

    /// <summary>
    /// True when the geometry leaves pixels as they are, in other places: nothing, or mirrors, turns and shifts by whole pixels.
    /// </summary>
    public bool MovesWholePixels(int height, int width) =>
        this is { Scale: 1, RotationBefore: 0, Stretch: 1, RotationAfter: 0, FractionX: 0, FractionY: 0 }
            && (height == width || (QuarterTurns & 1) == 0);

    /// <summary>
    /// Writes the colour transformations y = M x + offset of an image. All of them leave the luma axis v = (1, 1, 1) / sqrt 3 and the plane
    /// across it in place, so their product is <code>M = contrast (+-v v^T + saturation (cos hue (I - v v^T) + sin hue [v]_x))
    /// offset = brightness M (1, 1, 1)</code>
    /// with - where luma is mirrored. Without three colours only brightness and contrast apply.
    /// </summary>
    /// <param name="matrix">M, row by row, of as many rows as <paramref name="offset"/> has elements.</param>
    /// <param name="offset">One for each channel; alpha stays as it is.</param>
    public void Color(Span<float> matrix, Span<float> offset)
    {
        int channels = offset.Length, colors = ColorMap.Colors(channels);
        bool rgb = colors == 3;
        double luma = rgb && LumaMirror ? -1 : 1;
        double along = Saturation * Math.Cos(Hue), across = Saturation * Math.Sin(Hue) / Math.Sqrt(3);
        matrix.Clear();
        offset.Clear();
        for (int i = 0; i < channels; i++)
        {
            if (i >= colors)
            {
                matrix[i * channels + i] = 1;
                continue;
            }
            offset[i] = (float)(Brightness * Contrast * luma);
            if (rgb)
            {
                matrix[i * channels + i] = (float)(Contrast * (luma / 3 + along * 2 / 3));
                matrix[i * channels + (i + 1) % 3] = (float)(Contrast * (luma / 3 - along / 3 - across));
                matrix[i * channels + (i + 2) % 3] = (float)(Contrast * (luma / 3 - along / 3 + across));
            }
            else matrix[i * channels + i] = (float)Contrast;
        }
    }

    /// <summary>True when colours stay as they are.</summary>
    public bool KeepsColor => this is { Brightness: 0, Contrast: 1, LumaMirror: false, Hue: 0, Saturation: 1 };
}
