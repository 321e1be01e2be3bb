using ILGPU;

namespace Sagan.Native.Kernels;

#pragma warning disable
public sealed partial class GpuBackend
{
    public override void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s) => throw new NotImplementedException();
    public override void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s) => throw new NotImplementedException();
    public override void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s) => throw new NotImplementedException();
    public override void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s) => throw new NotImplementedException();
    public override void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s) => throw new NotImplementedException();
    public override void Gather(Storage x, Storage index, Storage y, in GatherSpec s) => throw new NotImplementedException();
    public override void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s) => throw new NotImplementedException();
    public override void RandomUniform(Storage y, int n, in PhiloxKey key) => throw new NotImplementedException();
    public override void RandomNormal(Storage y, int n, in PhiloxKey key) => throw new NotImplementedException();
}
