namespace Sagan.Native.Kernels;

/// <summary>Defines Upsample2x and SumPool2x2.</summary>
static class ReferenceResample
{
    /// <summary>y[n,2h+a,2w+b,c] = x[n,h,w,c], a, b in {0, 1}.</summary>
    public static void Upsample2x(Storage xs, Storage ys, in ImageSpec s)
    {
        ReferenceView x = new(xs, s.H, s.W, s.C), y = new(ys, 2 * s.H, 2 * s.W, s.C);
        for (int n = 0; n < s.N; n++)
            for (int h = 0; h < s.H; h++)
                for (int w = 0; w < s.W; w++)
                    for (int c = 0; c < s.C; c++)
                        for (int a = 0; a < 2; a++)
                            for (int b = 0; b < 2; b++) y[n, 2 * h + a, 2 * w + b, c] = x[n, h, w, c];
    }

    /// <summary>y[n,h,w,c] = sum over a, b in {0, 1} of x[n,2h+a,2w+b,c].</summary>
    public static void SumPool2x2(Storage xs, Storage ys, in ImageSpec s)
    {
        ReferenceView x = new(xs, 2 * s.H, 2 * s.W, s.C), y = new(ys, s.H, s.W, s.C);
        for (int n = 0; n < s.N; n++)
            for (int h = 0; h < s.H; h++)
                for (int w = 0; w < s.W; w++)
                    for (int c = 0; c < s.C; c++)
                    {
                        double sum = 0;
                        for (int a = 0; a < 2; a++)
                            for (int b = 0; b < 2; b++) sum += x[n, 2 * h + a, 2 * w + b, c];
                        y[n, h, w, c] = (float)sum;
                    }
    }
}
