namespace Sagan.Native.Sampling;

/// <summary>Ways from one latent vector to another.</summary>
public enum InterpolationKind
{
    /// <summary>Along the sphere: the lengths between stay what the generator was trained with (Shoemake 1985).</summary>
    Spherical,

    /// <summary>Along the straight line.</summary>
    Linear,
}

/// <summary>Points on the way between latent vectors.</summary>
public static class Interpolation
{
    /// <summary>
    /// The point at t in [0, 1] between a and b:
    /// <code>linear     (1 - t) a + t b
    /// spherical  (sin((1 - t) w) a + sin(t w) b) / sin w,   w the angle between a and b; linear where they are parallel</code>
    /// </summary>
    public static float[] Between(ReadOnlySpan<float> a, ReadOnlySpan<float> b, double t, InterpolationKind kind)
    {
        (double p, double q) = (1 - t, t);
        if (kind == InterpolationKind.Spherical)
        {
            double dot = 0, aa = 0, bb = 0;
            for (int i = 0; i < a.Length; i++)
            {
                dot += (double)a[i] * b[i];
                aa += (double)a[i] * a[i];
                bb += (double)b[i] * b[i];
            }
            double w = Math.Acos(Math.Clamp(dot / Math.Sqrt(aa * bb), -1, 1)), sine = Math.Sin(w);
            if (sine > 1e-6) (p, q) = (Math.Sin((1 - t) * w) / sine, Math.Sin(t * w) / sine);
        }
        float[] z = new float[a.Length];
        for (int i = 0; i < z.Length; i++) z[i] = (float)(p * a[i] + q * b[i]);
        return z;
    }
}
