namespace Sagan.Native.Kernels;

/// <summary>Defines Conv2d, Conv2dInputGrad and Conv2dWeightGrad.</summary>
static class ReferenceConv2d
{
    /// <summary>
    /// y[n,i,j,o] = sum over u,v,c of x[n,h,w,c] w[o,u,v,c], h = i*stride + u - padding, w = j*stride + v - padding inside the image.
    /// </summary>
    public static void Conv2d(Storage xs, Storage ws, Storage ys, in Conv2dSpec s)
    {
        ReferenceView x = new(xs, s.H, s.W, s.Ci), w = new(ws, s.Kh, s.Kw, s.Ci), y = new(ys, s.OutH, s.OutW, s.Co);
        for (int n = 0; n < s.N; n++)
            for (int i = 0; i < s.OutH; i++)
                for (int j = 0; j < s.OutW; j++)
                    for (int o = 0; o < s.Co; o++)
                    {
                        double sum = 0;
                        for (int u = 0; u < s.Kh; u++)
                            for (int v = 0; v < s.Kw; v++)
                            {
                                int row = i * s.Stride + u - s.Padding, column = j * s.Stride + v - s.Padding;
                                if (!ReferenceView.Inside(row, s.H) || !ReferenceView.Inside(column, s.W)) continue;
                                for (int c = 0; c < s.Ci; c++) sum += (double)x[n, row, column, c] * w[o, u, v, c];
                            }
                        y[n, i, j, o] = (float)sum;
                    }
    }

    /// <summary>
    /// dx[n,h,w,c] = sum over u,v,o of dy[n,i,j,o] w[o,u,v,c] where i*stride = h + padding - u and j*stride = w + padding - v have
    /// solutions inside dy.
    /// </summary>
    public static void Conv2dInputGrad(Storage dys, Storage ws, Storage dxs, in Conv2dSpec s)
    {
        ReferenceView dy = new(dys, s.OutH, s.OutW, s.Co), w = new(ws, s.Kh, s.Kw, s.Ci), dx = new(dxs, s.H, s.W, s.Ci);
        for (int n = 0; n < s.N; n++)
            for (int row = 0; row < s.H; row++)
                for (int column = 0; column < s.W; column++)
                    for (int c = 0; c < s.Ci; c++)
                    {
                        double sum = 0;
                        for (int u = 0; u < s.Kh; u++)
                            for (int v = 0; v < s.Kw; v++)
                            {
                                (int i, int restI) = Math.DivRem(row + s.Padding - u, s.Stride);
                                (int j, int restJ) = Math.DivRem(column + s.Padding - v, s.Stride);
                                if (restI != 0 || restJ != 0 || !ReferenceView.Inside(i, s.OutH) ||
                                    !ReferenceView.Inside(j, s.OutW)) continue;
                                for (int o = 0; o < s.Co; o++) sum += (double)dy[n, i, j, o] * w[o, u, v, c];
                            }
                        dx[n, row, column, c] = (float)sum;
                    }
    }

    /// <summary>
    /// dw[o,u,v,c] = sum over n,i,j of x[n,h,w,c] dy[n,i,j,o], h = i*stride + u - padding, w = j*stride + v - padding inside the image.
    /// </summary>
    public static void Conv2dWeightGrad(Storage xs, Storage dys, Storage dws, in Conv2dSpec s)
    {
        ReferenceView x = new(xs, s.H, s.W, s.Ci), dy = new(dys, s.OutH, s.OutW, s.Co), dw = new(dws, s.Kh, s.Kw, s.Ci);
        for (int o = 0; o < s.Co; o++)
            for (int u = 0; u < s.Kh; u++)
                for (int v = 0; v < s.Kw; v++)
                    for (int c = 0; c < s.Ci; c++)
                    {
                        double sum = 0;
                        for (int n = 0; n < s.N; n++)
                            for (int i = 0; i < s.OutH; i++)
                                for (int j = 0; j < s.OutW; j++)
                                {
                                    int row = i * s.Stride + u - s.Padding, column = j * s.Stride + v - s.Padding;
                                    if (ReferenceView.Inside(row, s.H) && ReferenceView.Inside(column, s.W)) sum += (double)x[n, row,
                                        column, c] * dy[n, i, j, o];
                                }
                        dw[o, u, v, c] = (float)sum;
                    }
    }
}
