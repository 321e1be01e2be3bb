using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// A residual block that doubles the image's size.
/// <code>h = conv2(relu(norm2(conv1(up(relu(norm1(x)))))))    conv1 k3 in -> out, conv2 k3 out -> out, up: each pixel twice both ways
/// y = h + up(conv0(x))                                  conv0 k1 in -> out</code>
/// The shortcut's convolution of single pixels stands before its upsampling: the same numbers for a quarter of the work.
/// </summary>
sealed class GeneratorBlock : ConditionalModule
{
    readonly Module norm1, conv1, norm2, conv2, conv0;

    public GeneratorBlock(int inputs, int outputs, Layers make, int vector)
    {
        norm1 = Child("norm1", make.Norm(inputs, Activation.Relu, vector));
        conv1 = Child("conv1", make.Conv(inputs, outputs, 3));
        norm2 = Child("norm2", make.Norm(outputs, Activation.Relu, vector));
        conv2 = Child("conv2", make.Conv(outputs, outputs, 3));
        conv0 = Child("conv0", make.Conv(inputs, outputs, 1));
    }

    protected override Tensor Forward(Tensor x, Condition? condition)
    {
        Tensor h = conv1.Call(Ops.Upsample2x(norm1.Call(x, condition)));
        return conv2.Call(norm2.Call(h, condition)) + Ops.Upsample2x(conv0.Call(x));
    }
}
