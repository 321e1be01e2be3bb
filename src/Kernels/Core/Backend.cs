namespace Sagan.Native.Kernels;

/// <summary>
/// The primitives every device implements: the compiler lists what a new backend lacks. Contract, each line a test:
/// <list type="number">
/// <item>The caller allocates outputs; they are fully overwritten.</item>
/// <item>No kernel allocates except scratch; inputs are never written; an output may be an input only where the summary says so.</item>
/// <item>Sizes come in a validated spec; kernels see contiguous row-major data, never strides of a tensor.</item>
/// <item>Deterministic: a fixed order of summation; same inputs, same bits, whatever the number of threads.</item>
/// <item>Accuracy against the reference backend is stated in the spec and tested on odd sizes.</item>
/// </list>
/// Fused kernels are optional capabilities: the interfaces in Fused.cs.
/// Images are channels-last [N, H, W, C], convolution weights [Co, Kh, Kw, Ci].
/// </summary>
abstract class Backend
{
    // Elementwise

    /// <summary>y[i] = value.</summary>
    public abstract void Fill(Storage y, int n, float value);

    /// <summary>y[i] = x[i].</summary>
    public abstract void Copy(Storage x, Storage y, int n);

    /// <summary>y[i] = f(x[i]). y may be x.</summary>
    public abstract void Map<TOp>(Storage x, Storage y, int n, TOp f) where TOp : unmanaged, IUnaryOp;

    /// <summary>y = f(a, b) with broadcasting. y may be a where a's shape is y's.</summary>
    public abstract void Zip<TOp>(Storage a, Storage b, Storage y, in BroadcastSpec s, TOp f) where TOp : unmanaged, IBinaryOp;

    // Shape

    /// <summary>y = x repeated along its axes of size 1. Both operands of the spec are x: <c>new BroadcastSpec(x, x, y)</c>.</summary>
    public abstract void BroadcastTo(Storage x, Storage y, in BroadcastSpec s);

    /// <summary>y = x summed over the axes that the spec marks.</summary>
    public abstract void Sum(Storage x, Storage y, in ReduceSpec s);

    /// <summary>y = x with its axes reordered.</summary>
    public abstract void Permute(Storage x, Storage y, in PermuteSpec s);

    /// <summary>y[o, l, i] = x[o, start + l, i] for l &lt; count: cuts a range out of one axis.</summary>
    public abstract void Slice(Storage x, Storage y, in SliceSpec s);

    /// <summary>y[o, start + l, i] = x[o, l, i] for l &lt; count, and 0 elsewhere: the transpose of <see cref="Slice"/>.</summary>
    public abstract void Pad(Storage x, Storage y, in SliceSpec s);

    /// <summary>
    /// y[o, start + l, i] = x[o, l, i] for l &lt; count; the rest of y is left as it is (the one primitive that writes part of its output).
    /// </summary>
    public abstract void CopyInto(Storage x, Storage y, in SliceSpec s);

    // Products

    /// <summary>y[b] = op(a[b]) op(b[b]), op = transpose where the spec says so. fp32 accumulation.</summary>
    public abstract void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s);

    /// <summary>y[n,i,j,o] = sum over u,v,c of x[n, i*stride+u-padding, j*stride+v-padding, c] w[o,u,v,c].</summary>
    public abstract void Conv2d(Storage x, Storage w, Storage y, in Conv2dSpec s);

    /// <summary>
    /// dx[n,h,w,c] = sum of dy[n,i,j,o] w[o,u,v,c] over i*stride+u-padding = h, j*stride+v-padding = w: the transposed convolution.
    /// </summary>
    public abstract void Conv2dInputGrad(Storage dy, Storage w, Storage dx, in Conv2dSpec s);

    /// <summary>dw[o,u,v,c] = sum over n,i,j of x[n, i*stride+u-padding, j*stride+v-padding, c] dy[n,i,j,o].</summary>
    public abstract void Conv2dWeightGrad(Storage x, Storage dy, Storage dw, in Conv2dSpec s);

    /// <summary>y[r,c] = exp(x[r,c] - max_r) / sum_c exp(x[r,c] - max_r). y may be x. |error| at most 5e-6 relative to y.</summary>
    public abstract void Softmax(Storage x, Storage y, int rows, int columns);

    /// <summary>
    /// y[r,c] = 1 where x[r,c] is one of the k largest of its row, of equal ones the leftmost, else 0; 1 for a NaN. k is at least 1.
    /// </summary>
    public abstract void TopKMask(Storage x, Storage y, int rows, int columns, int k);

    // Resampling, pooling, gathering

    /// <summary>y[n,2h+a,2w+b,c] = x[n,h,w,c], a, b in {0, 1}. The spec's H and W are x's.</summary>
    public abstract void Upsample2x(Storage x, Storage y, in ImageSpec s);

    /// <summary>y[n,h,w,c] = sum over a, b in {0, 1} of x[n,2h+a,2w+b,c]. The spec's H and W are y's.</summary>
    public abstract void SumPool2x2(Storage x, Storage y, in ImageSpec s);

    /// <summary>y = the largest x of each window, index = its flat position in x (the first one wins a tie).</summary>
    public abstract void MaxPool2d(Storage x, Storage y, Storage index, in MaxPool2dSpec s);

    /// <summary>
    /// y[i, :] = x[index[i], :]. Throws <see cref="IndexOutOfRangeException"/> naming the index that is not in 0..rows-1.
    /// </summary>
    public abstract void Gather(Storage x, Storage index, Storage y, in GatherSpec s);

    /// <summary>x = 0; x[index[i], :] += y[i, :] for i ascending: the transpose of <see cref="Gather"/>, with the same check.</summary>
    public abstract void ScatterAdd(Storage y, Storage index, Storage x, in GatherSpec s);

    // Random numbers, counter-based: element i depends on (seed, stream, offset + i) alone. offset is a multiple of 4.

    /// <summary>y[i] uniform in [0, 1): the top 24 bits of Philox4x32-10, lane i mod 4 of counter block (offset + i) / 4.</summary>
    public abstract void RandomUniform(Storage y, int n, in PhiloxKey key);

    /// <summary>y[i] standard normal: Box-Muller on the lanes (0, 1) and (2, 3) of each Philox block.</summary>
    public abstract void RandomNormal(Storage y, int n, in PhiloxKey key);

    /// <summary>What benchmarks ask a GPU's backend; null on the host, whose backends have done their work when a call returns.</summary>
    internal virtual IProfiling? Profiling => null;
}
