using ILGPU;

namespace Sagan.Native.Kernels;

#pragma warning disable
public sealed partial class GpuBackend
{
    public override void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s) => throw new NotImplementedException();
    public override void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s) => throw new NotImplementedException();
    public override void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s) => throw new NotImplementedException();
    public override void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s) => throw new NotImplementedException();
}
