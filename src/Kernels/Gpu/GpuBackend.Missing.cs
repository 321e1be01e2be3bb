using ILGPU;

namespace Sagan.Native.Kernels;

#pragma warning disable
public sealed partial class GpuBackend
{
    public override void Zip<TOp>(Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f) => throw new NotImplementedException();
    public override void BroadcastTo(Storage x, Storage y, in BroadcastSpec s) => throw new NotImplementedException();
    public override void Sum(Storage x, Storage y, in ReduceSpec s) => throw new NotImplementedException();
    public override void Permute(Storage x, Storage y, in PermuteSpec s) => throw new NotImplementedException();
    public override void Slice(Storage x, Storage y, in SliceSpec s) => throw new NotImplementedException();
    public override void Pad(Storage x, Storage y, in SliceSpec s) => throw new NotImplementedException();
    public override void CopyInto(Storage x, Storage y, in SliceSpec s) => throw new NotImplementedException();
    public override void Softmax(Storage x, Storage y, int rows, int columns) => throw new NotImplementedException();
    public override void Upsample2x(Storage x, Storage y, in ImageSpec s) => throw new NotImplementedException();
    public override void SumPool2x2(Storage x, Storage y, in ImageSpec s) => throw new NotImplementedException();
    public override void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s) => throw new NotImplementedException();
    public override void Gather(Storage x, Storage index, Storage y, in GatherSpec s) => throw new NotImplementedException();
    public override void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s) => throw new NotImplementedException();
    public override void RandomUniform(Storage y, int n, in PhiloxKey key) => throw new NotImplementedException();
    public override void RandomNormal(Storage y, int n, in PhiloxKey key) => throw new NotImplementedException();
    public void BiasActivationBackward(Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns, Activation act) => throw new NotImplementedException();
}
