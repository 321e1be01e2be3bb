namespace Sagan.Native.Augmentation;

/// <summary>What <see cref="DiffAugment"/> drew for one image.</summary>
/// <param name="Flip">Whether it is mirrored.</param>
/// <param name="Brightness">Is added.</param>
/// <param name="Saturation">Multiplies the distance of a channel from the mean of its pixel.</param>
/// <param name="Contrast">Multiplies the distance from the mean of the image.</param>
/// <param name="ShiftY">Pixel (i, j) reads row i + ShiftY.</param>
/// <param name="ShiftX">Pixel (i, j) reads column j + ShiftX.</param>
/// <param name="CutY">Row of the centre of the blank square.</param>
/// <param name="CutX">Column of the same.</param>
readonly record struct DiffAugmentDraw(bool Flip, float Brightness, float Saturation, float Contrast, int ShiftY, int ShiftX, int CutY,
    int CutX)
{
    /// <summary>The largest shift along a side: an eighth of it.</summary>
    public static int MaxShift(int side) => (int)(side * 0.125 + 0.5);

    /// <summary>The side of the blank square: half of the image's.</summary>
    public static int CutSide(int side) => (int)(side * 0.5 + 0.5);

    public static DiffAugmentDraw Of(ImageDraws random, int height, int width) => new(
        random.Below(0, 2) == 1,
        (float)random.Uniform(1, -0.5, 0.5),
        (float)random.Uniform(2, 0, 2),
        (float)random.Uniform(3, 0.5, 1.5),
        Shift(random, 4, height), Shift(random, 5, width), Cut(random, 6, height), Cut(random, 7, width));

    static int Shift(ImageDraws random, int slot, int side) => random.Below(slot, 2 * MaxShift(side) + 1) - MaxShift(side);

    // A square of even side has its centre between two pixels, so there is a place more for it.
    static int Cut(ImageDraws random, int slot, int side) => random.Below(slot, side + 1 - CutSide(side) % 2);
}
