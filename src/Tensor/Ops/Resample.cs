using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>Nearest-neighbour upsampling: y[n,2h+a,2w+b,c] = x[n,h,w,c];  dx = SumPool2x2(g).  x [N,H,W,C], y [N,2H,2W,C].</summary>
    public static Tensor Upsample2x(Tensor x)
    {
        ImageSpec s = Check.Image("upsample2x", x);
        Tensor y = Tensor.Empty(new Shape(s.N, 2 * s.H, 2 * s.W, s.C), x.Device);
        x.Backend.Upsample2x(x.Storage, y.Storage, s);
        return Autograd.RecordLinear("upsample2x", y, 0, (x, static (g, _) => SumPool2x2(g)));
    }

    /// <summary>y[n,h,w,c] = sum over a, b in {0, 1} of x[n,2h+a,2w+b,c];  dx = Upsample2x(g).  H and W must be even.</summary>
    public static Tensor SumPool2x2(Tensor x)
    {
        ImageSpec s = Check.Image("sum_pool2x2", x);
        if (s.H % 2 != 0 || s.W % 2 != 0) throw new ShapeException($"sum_pool2x2: x {x.Shape} must have even height and width.");
        Tensor y = Tensor.Empty(new Shape(s.N, s.H / 2, s.W / 2, s.C), x.Device);
        x.Backend.SumPool2x2(x.Storage, y.Storage, s with { H = s.H / 2, W = s.W / 2 });
        return Autograd.RecordLinear("sum_pool2x2", y, 0, (x, static (g, _) => Upsample2x(g)));
    }

    /// <summary>Mean over windows of 2 x 2 pixels.</summary>
    public static Tensor AvgPool2x2(Tensor x) => SumPool2x2(x) * 0.25f;
}
