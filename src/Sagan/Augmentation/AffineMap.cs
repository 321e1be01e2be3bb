namespace Sagan.Native.Augmentation;

/// <summary>
/// An affine map of the plane: <code>x' = a x + b y + tx        y' = c x + d y + ty</code>
/// x to the right, y down, in pixels from the image's centre.
/// </summary>
readonly record struct AffineMap(double A, double B, double Tx, double C, double D, double Ty)
{
    public static AffineMap Identity { get; } = new(1, 0, 0, 0, 1, 0);

    public static AffineMap Scale(double x, double y) => new(x, 0, 0, 0, y, 0);

    public static AffineMap Translate(double x, double y) => new(1, 0, x, 0, 1, y);

    /// <summary>(1, 0) goes to (cos, sin).</summary>
    public static AffineMap Rotate(double radians) =>
        new(Math.Cos(radians), -Math.Sin(radians), 0, Math.Sin(radians), Math.Cos(radians), 0);

    /// <summary>As <see cref="Rotate"/> by quarter turns, exactly.</summary>
    public static AffineMap Turn(int quarters) => (quarters & 3) switch
    {
        0 => Identity,
        1 => new(0, -1, 0, 1, 0, 0),
        2 => new(-1, 0, 0, 0, -1, 0),
        _ => new(0, 1, 0, -1, 0, 0),
    };

    /// <summary>p -> a(b(p)).</summary>
    public static AffineMap operator *(AffineMap a, AffineMap b) => new(
        a.A * b.A + a.B * b.C, a.A * b.B + a.B * b.D, a.A * b.Tx + a.B * b.Ty + a.Tx,
        a.C * b.A + a.D * b.C, a.C * b.B + a.D * b.D, a.C * b.Tx + a.D * b.Ty + a.Ty);

    public (double X, double Y) Apply(double x, double y) => (A * x + B * y + Tx, C * x + D * y + Ty);
}
