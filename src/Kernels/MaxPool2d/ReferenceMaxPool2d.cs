namespace Sagan.Native.Kernels;

/// <summary>Defines MaxPool2d.</summary>
static class ReferenceMaxPool2d
{
    /// <summary>
    /// y[n,i,j,c] = max over u,v of x[n, i*stride+u-padding, j*stride+v-padding, c] inside the image, index = its flat position in x.
    /// A NaN counts as larger than every number; the first of equals wins.
    /// </summary>
    public static void MaxPool2d(Storage xs, Storage ys, Storage indices, in MaxPool2dSpec s)
    {
        ReferenceView x = new(xs, s.H, s.W, s.C), y = new(ys, s.OutH, s.OutW, s.C);
        Span<int> index = indices.Indices();
        for (int n = 0; n < s.N; n++)
            for (int i = 0; i < s.OutH; i++)
                for (int j = 0; j < s.OutW; j++)
                    for (int c = 0; c < s.C; c++)
                    {
                        float max = float.NegativeInfinity;
                        int at = -1;
                        for (int u = 0; u < s.Kernel; u++)
                            for (int v = 0; v < s.Kernel; v++)
                            {
                                int h = i * s.Stride + u - s.Padding, w = j * s.Stride + v - s.Padding;
                                if (!ReferenceView.Inside(h, s.H) || !ReferenceView.Inside(w, s.W)) continue;
                                float value = x[n, h, w, c];
                                if (at >= 0 && !(value > max) && (!float.IsNaN(value) || float.IsNaN(max))) continue;
                                max = value;
                                at = ((n * s.H + h) * s.W + w) * s.C + c;
                            }
                        y[n, i, j, c] = max;
                        index[((n * s.OutH + i) * s.OutW + j) * s.C + c] = at;
                    }
    }
}
