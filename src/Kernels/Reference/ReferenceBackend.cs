namespace Sagan.Native.Kernels;

/// <summary>
/// The readable definition of every primitive and the oracle of the tests: plain scalar loops that accumulate in double, on one thread,
/// slow on purpose.
/// It has no fused capability: operations that could be fused run as compositions of these primitives. Each primitive is a method of its
/// own class, in the folder of its name. Parameters named xs, ys are the storages of x, y; inside, x and y are views whose indices are the
/// formula's.
/// </summary>
sealed class ReferenceBackend : Backend
{
    public override void Fill(Storage y, int n, float value) => ReferenceElementwise.Fill(y, n, value);

    public override void Copy(Storage x, Storage y, int n) => ReferenceElementwise.Copy(x, y, n);

    public override void Map<TOp>(Storage x, Storage y, int n, TOp f) => ReferenceElementwise.Map(x, y, n, f);

    public override void Zip<TOp>(Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f) => ReferenceZip.Zip(a, b, y, s, f);

    public override void BroadcastTo(Storage x, Storage y, in BroadcastSpec s) => ReferenceZip.BroadcastTo(x, y, s);

    public override void Sum(Storage x, Storage y, in ReduceSpec s) => ReferenceSum.Sum(x, y, s);

    public override void Permute(Storage x, Storage y, in PermuteSpec s) => ReferencePermute.Permute(x, y, s);

    public override void Slice(Storage x, Storage y, in SliceSpec s) => ReferenceSlice.Slice(x, y, s);

    public override void Pad(Storage x, Storage y, in SliceSpec s) => ReferenceSlice.Pad(x, y, s);

    public override void CopyInto(Storage x, Storage y, in SliceSpec s) => ReferenceSlice.CopyInto(x, y, s);

    public override void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s) => ReferenceMatMul.MatMul(a, b, y, s);

    public override void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s) => ReferenceConv2d.Conv2d(x, w, y, s);

    public override void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s) =>
        ReferenceConv2d.Conv2dInputGrad(dy, w, dx, s);

    public override void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s) =>
        ReferenceConv2d.Conv2dWeightGrad(x, dy, dw, s);

    public override void Softmax(Storage x, Storage y, int rows, int columns) => ReferenceSoftmax.Softmax(x, y, rows, columns);

    public override void TopKMask(Storage x, Storage y, int rows, int columns, int k) => ReferenceTopK.TopKMask(x, y, rows, columns, k);

    public override void Upsample2x(Storage x, Storage y, in ImageSpec s) => ReferenceResample.Upsample2x(x, y, s);

    public override void SumPool2x2(Storage x, Storage y, in ImageSpec s) => ReferenceResample.SumPool2x2(x, y, s);

    public override void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s) => ReferenceMaxPool2d.MaxPool2d(x, y, index, s);

    public override void Gather(Storage x, Storage index, Storage y, in GatherSpec s) => ReferenceGather.Gather(x, index, y, s);

    public override void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s) => ReferenceGather.ScatterAdd(y, index, x, s);

    public override void RandomUniform(Storage y, int n, in PhiloxKey key) => ReferenceRandom.RandomUniform(y, n, key);

    public override void RandomNormal(Storage y, int n, in PhiloxKey key) => ReferenceRandom.RandomNormal(y, n, key);
}
