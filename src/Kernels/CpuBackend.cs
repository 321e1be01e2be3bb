namespace Sagan.Native.Kernels;

public sealed partial class CpuBackend : Backend
{
    public override void Softmax(Storage x, Storage y, int rows, int columns) => throw new NotImplementedException();
}
