namespace Sagan.Native.Images;

/// <summary>
/// The row filters of PNG (ISO/IEC 15948, 9.2): 0 none, 1 left, 2 above, 3 mean of both, 4 Paeth. <c>step</c> is the distance in bytes to the pixel on the
/// left.
/// </summary>
static class PngFilter
{
    public const int Count = 5;

    /// <summary>Turns filtered bytes into pixels in place; false for a filter that does not exist.</summary>
    public static bool Undo(int filter, Span<byte> x, ReadOnlySpan<byte> above, int step)
    {
        above = above[..x.Length];
        int first = Math.Min(step, x.Length);
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (int i = first; i < x.Length; i++)
                {
                    x[i] += x[i - step];
                }
                break;
            case 2:
                for (int i = 0; i < x.Length; i++)
                {
                    x[i] += above[i];
                }
                break;
            case 3:
                for (int i = 0; i < x.Length; i++)
                {
                    x[i] += (byte)((above[i] + (i < first ? 0 : x[i - step])) >> 1);
                }
                break;
            case 4:
                for (int i = 0; i < first; i++)
                {
                    x[i] += above[i];
                }
                for (int i = first; i < x.Length; i++)
                {
                    x[i] += Paeth(x[i - step], above[i], above[i - step]);
                }
                break;
            default:
                return false;
        }
        return true;
    }

    /// <summary>
    /// Writes the filtered bytes of <paramref name="x"/>; returns the sum of their absolute values as signed bytes, the usual guess at what compresses best.
    /// </summary>
    public static int Apply(int filter, ReadOnlySpan<byte> x, ReadOnlySpan<byte> above, int step, Span<byte> to)
    {
        int sum = 0;
        for (int i = 0; i < x.Length; i++)
        {
            byte left = i < step ? (byte)0 : x[i - step], corner = i < step ? (byte)0 : above[i - step];
            byte guess = filter switch
            {
                1 => left,
                2 => above[i],
                3 => (byte)((left + above[i]) >> 1),
                4 => Paeth(left, above[i], corner),
                _ => 0,
            };
            to[i] = (byte)(x[i] - guess);
            sum += Math.Abs((int)(sbyte)to[i]);
        }
        return sum;
    }

    /// <summary>
    /// The one of a, b, c nearest to a + b - c, the earlier one of equals. Chosen by masks: which it is looks random to a branch predictor, and branches (one
    /// of them in Math.Abs) cost 5 times as much on noisy pictures.
    /// </summary>
    static byte Paeth(int a, int b, int c)
    {
        int pa = Abs(b - c), pb = Abs(a - c), pc = Abs(a + b - 2 * c);
        int useB = (pb - pa) >> 31, best = (b & useB) | (a & ~useB), least = (pb & useB) | (pa & ~useB);
        int useC = (pc - least) >> 31;
        return (byte)((c & useC) | (best & ~useC));
    }

    static int Abs(int v) => (v ^ (v >> 31)) - (v >> 31);
}
