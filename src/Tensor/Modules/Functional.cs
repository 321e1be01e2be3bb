using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>Nearest-neighbour upsampling by 2, <see cref="Ops.Upsample2x"/>.</summary>
public sealed class Upsample : Module
{
    protected override Tensor Forward(Tensor x) => Ops.Upsample2x(x);

}

/// <summary>Mean over windows of 2 x 2 pixels, <see cref="Ops.AvgPool2x2"/>.</summary>
public sealed class AvgPool2d : Module
{
    protected override Tensor Forward(Tensor x) => Ops.AvgPool2x2(x);
}

/// <summary>Largest value of each window, <see cref="Ops.MaxPool2d"/>.</summary>
public sealed class MaxPool2d(int kernel = 2, int stride = 0, int padding = 0) : Module
{
    protected override Tensor Forward(Tensor x) => Ops.MaxPool2d(x, kernel, stride, padding);

    protected override string Describe() => $"k{kernel} s{(stride == 0 ? kernel : stride)} p{padding}";
}

/// <summary>Sum over all pixels: [N,H,W,C] to [N,C].</summary>
public sealed class GlobalSumPool : Module
{
    protected override Tensor Forward(Tensor x) => Ops.Sum(x, [1, 2]);
}

/// <summary>An activation as a module of its own, where it cannot be given to the layer before it.</summary>
public sealed class Activate(Activation activation) : Module
{
    protected override Tensor Forward(Tensor x) => Ops.Activate(x, activation);

    protected override string Describe() => ModuleText.Of(activation).TrimStart(',', ' ');
}
