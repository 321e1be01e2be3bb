using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>Nearest-neighbour upsampling by 2, <see cref="Ops.Upsample2x"/>.</summary>
public sealed class Upsample : Module
{
    /// <summary>x [N,H,W,C] to y [N,2H,2W,C].</summary>
    protected override Tensor Forward(Tensor x) => Ops.Upsample2x(x);
}

/// <summary>Mean over windows of 2 x 2 pixels, <see cref="Ops.AvgPool2x2"/>.</summary>
public sealed class AvgPool2d : Module
{
    /// <summary>x [N,H,W,C] to y [N,H/2,W/2,C]; H and W must be even.</summary>
    protected override Tensor Forward(Tensor x) => Ops.AvgPool2x2(x);
}

/// <summary>Largest value of each window, <see cref="Ops.MaxPool2d"/>.</summary>
/// <param name="kernel">Height and width of a window.</param>
/// <param name="stride">Distance of neighbouring windows; 0 = the kernel's size.</param>
/// <param name="padding">Pixels around x that are never the largest, at most half the kernel.</param>
public sealed class MaxPool2d(int kernel = 2, int stride = 0, int padding = 0) : Module
{
    /// <summary>x [N,H,W,C] to y [N,(H + 2 padding - kernel) / stride + 1, W likewise, C].</summary>
    protected override Tensor Forward(Tensor x) => Ops.MaxPool2d(x, kernel, stride, padding);

    /// <inheritdoc/>
    protected override string Describe() => $"k{kernel} s{(stride == 0 ? kernel : stride)} p{padding}";
}

/// <summary>Sum over all pixels: [N,H,W,C] to [N,C].</summary>
public sealed class GlobalSumPool : Module
{
    /// <summary>x [N,H,W,C] to y [N,C].</summary>
    protected override Tensor Forward(Tensor x) => Ops.Sum(x, [1, 2]);
}

/// <summary>An activation as a module of its own, where it cannot be given to the layer before it.</summary>
/// <param name="activation">act.</param>
public sealed class Activate(Activation activation) : Module
{
    /// <summary>y = act(x), of any shape.</summary>
    protected override Tensor Forward(Tensor x) => Ops.Activate(x, activation);

    /// <inheritdoc/>
    protected override string Describe() => ModuleText.Of(activation).TrimStart(',', ' ');
}
