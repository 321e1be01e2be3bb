using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// A residual block that halves the image's size, or keeps it.
/// <code>h = pool(conv2(act(conv1(act(x)))))       conv1 k3 in -> out, conv2 k3 out -> out, pool: mean of 2 x 2
/// y = h + conv0(pool(x))                    conv0 k1 in -> out; where neither size nor channels change, y = h + x</code>
/// The first block of a network has no activation before conv1: its x is the image. The shortcut is pooled before its convolution of
/// single pixels: both are linear, so the order does not matter, and this is a quarter of the work.
/// </summary>
sealed class DiscriminatorBlock : Module
{
    readonly Module conv1, conv2;
    readonly Module? conv0;
    readonly Activation activation;
    readonly bool down, first, shortcutAfterActivation;

    public DiscriminatorBlock(int inputs, int outputs, bool down, bool first, Layers make, Activation activation,
        bool shortcutAfterActivation)
    {
        conv1 = Child("conv1", make.Conv(inputs, outputs, 3, activation));
        conv2 = Child("conv2", make.Conv(outputs, outputs, 3));
        if (down || inputs != outputs) conv0 = Child("conv0", make.Conv(inputs, outputs, 1));
        (this.activation, this.down, this.first, this.shortcutAfterActivation) = (activation, down, first, shortcutAfterActivation);
    }

    protected override Tensor Forward(Tensor x)
    {
        Tensor active = first ? x : Ops.Activate(x, activation);
        Tensor h = Pool(conv2.Call(conv1.Call(active))), shortcut = Pool(shortcutAfterActivation ? active : x);
        return h + (conv0?.Call(shortcut) ?? shortcut);
    }

    Tensor Pool(Tensor x) => down ? Ops.AvgPool2x2(x) : x;
}
