using Sagan.Native.Kernels;

namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// y = the largest x of each window of kernel x kernel pixels, every <paramref name="stride"/> pixels (the kernel's size unless given);
    /// dx = g at the first position of the largest value.  x [N,H,W,C].
    /// </summary>
    public static Tensor MaxPool2d(Tensor x, int kernel = 2, int stride = 0, int padding = 0)
    {
        ImageSpec i = Check.Image("max_pool2d", x);
        if (stride == 0) stride = kernel;
        Check.Positive("max_pool2d", "the kernel", kernel, Check.MaxPixels);
        Check.Positive("max_pool2d", "the stride", stride, Check.MaxPixels);
        if (padding < 0 || padding > kernel / 2)
            throw new ShapeException($"max_pool2d: the padding is {padding}, it must be in 0..{kernel / 2}, at most half the kernel.");
        if (i.H == 0 || i.W == 0) throw new ShapeException($"max_pool2d: x {x.Shape} has no pixels, so a window has no largest.");
        int h = i.H + 2 * padding - kernel, w = i.W + 2 * padding - kernel;
        if (h < 0 || w < 0)
            throw new ShapeException($"max_pool2d: the window {kernel}x{kernel} is larger than x {x.Shape} with padding {padding}.");
        MaxPool2dSpec c = new(i.N, i.H, i.W, i.C, kernel, stride, padding, h / stride + 1, w / stride + 1);
        Tensor y = Tensor.Empty(new Shape(c.N, c.OutH, c.OutW, c.C), x.Device), index = Tensor.Empty(y.Shape, x.Device);
        x.Backend.MaxPool2d(x.Storage, y.Storage, index.Storage, c);
        return Autograd.Record("max_pool2d", y, new Pooled(index, x.Shape, c),
            (x, static (g, s) => Reshape(ScatterAdd(Reshape(g, -1, 1), new IndexTensor(s.Index), s.X.Count), s.X)));
    }

    internal readonly record struct Pooled(Tensor Index, Shape X, MaxPool2dSpec Spec) : ISaved<Pooled>
    {
        public Pooled Keep(SavedTensors by) => this with { Index = by.Keep(Index) };
    }
}
