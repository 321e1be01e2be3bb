using ILGPU;

namespace Sagan.Native.Kernels;

// Spectral normalisation of a stored matrix S [rows, columns]; W = S, or S^T where the spec says Transpose.
//
//   iteration  v = l2n(W^T u);  u = l2n(W v);   sigma = u^T W v
//   backward   dw = (g - (sum g w) / sigma u v^T) / sigma
//
// Which thread does what: in S x a row belongs to 64 threads, four rows to a thread block. In S^T y a thread block has 64 columns of a
// block of rows (GpuRowTile) and the blocks' sums are added in block order by a second kernel, four columns a thread. A product's norm, its
// division by it and sigma are one thread block's work: a vector has some thousands of elements. sigma costs no third product: it is u . (W
// v), and W v is what the last u was made of. Five launches an iteration.
// Work: 4 rows columns flops and two readings of S an iteration: bound by memory, for small weights by the launches.
// Numerics: float, every sum in a fixed tree of short sums. A vector is divided by its largest |element| t before it is squared, so weights
// down to 1e-38 keep their norm.

/// <summary>y_r = sum_c S[r,c] x_c, 16 or 64 threads (<paramref name="lanes"/>) a row, in thread blocks of 256.</summary>
readonly struct GpuMatrixVectorKernel(ArrayView<float> matrix, ArrayView<float> x, ArrayView<float> y, int rows, int columns, int lanes)
    : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(GpuQueue.Threads);
        int t = Group.IdxX, perBlock = lanes == 16 ? 16 : 4, row = lanes == 16 ? t >> 4 : t >> 6, lane = t & (lanes - 1),
            first = perBlock * Grid.IdxX;
        // Sums of different rows lie side by side, where the threads that add them read them together.
        sums[lane * perBlock + row] = first + row < rows ? Dot((first + row) * columns, lane) : 0;
        Group.Barrier();
        if (t >= perBlock || first + t >= rows) return;
        float even = sums[t], odd = sums[perBlock + t];
        for (int i = 2; i < lanes; i += 2)
        {
            even += sums[i * perBlock + t];
            odd += sums[(i + 1) * perBlock + t];
        }
        y[first + t] = even + odd;
    }

    // The lane's share of the row that begins at `row`: two sums, so that the additions do not wait for each other.
    float Dot(int row, int lane)
    {
        float even = 0, odd = 0;
        if ((columns & 3) != 0)
        {
            for (int c = lane; c < columns; c += lanes) even += matrix[row + c] * x[c];
            return even;
        }
        ArrayView<GpuFloat4> s = matrix.Cast<GpuFloat4>(), v = x.Cast<GpuFloat4>();
        for (int c = lane; c < columns >> 2; c += lanes)
        {
            GpuFloat4 a = s[(row >> 2) + c], b = v[c];
            even += a.X * b.X + a.Y * b.Y;
            odd += a.Z * b.Z + a.W * b.W;
        }
        return even + odd;
    }
}

/// <summary>partials[block, c] = sum_r x_r S[r,c] over a block of rows.</summary>
readonly struct GpuVectorMatrixKernel(ArrayView<float> matrix, ArrayView<float> x, ArrayView<GpuFloat4> partials, GpuRowTile tile)
    : IGpuBlockKernel
{
    public void Run()
    {
        GpuFloat4 sum = default;
        int end = tile.End;
        for (int r = tile.First; r < end; r += GpuRowTile.Step) sum.MultiplyAdd(x[r], tile.Load(matrix, r));
        sum = GpuRowTile.SumOfRows(SharedMemory.Allocate<GpuFloat4>(GpuRowTile.Threads), sum);
        if (GpuRowTile.RowLane == 0 && GpuRowTile.Column < tile.Columns)
            partials[Grid.IdxX * GpuRowTile.Vec4s(tile.Columns) + (GpuRowTile.Column >> 2)] = sum;
    }
}

/// <summary>y = the sum of the blocks' partial sums, in block order; y has room for the columns filled up to four.</summary>
readonly struct GpuVectorMatrixCombineKernel(ArrayView<GpuFloat4> partials, ArrayView<GpuFloat4> y, int vec4s, int blocks) : IGpuKernel
{
    public void Run()
    {
        int c = GpuThread.Index;
        if (c >= vec4s) return;
        GpuFloat4 sum = partials[c];
        for (int b = 1; b < blocks; b++) sum += partials[b * vec4s + c];
        y[c] = sum;
    }
}

/// <summary>
/// One thread block: result = product divided by its norm, or <paramref name="before"/> where the product is 0 or <paramref name="keep"/>
/// is 1; sigma = result . product. result may be before.
/// </summary>
readonly struct GpuPowerNormalizeKernel(ArrayView<float> product, ArrayView<float> before, ArrayView<float> result, ArrayView<float> sigma,
    int n, float epsilon, int addsEpsilon, int keep) : IGpuBlockKernel
{
    public void Run()
    {
        float largest = 0;
        for (int i = Group.IdxX; i < n; i += Group.DimX) largest = GpuLargerOrNaN.Of(largest, MathF.Abs(product[i]));
        float t = GpuBlockReduce.Max(SharedMemory.Allocate<float>(GpuBlockReduce.Shared), largest);

        float squares = 0, dot = 0;
        for (int i = Group.IdxX; i < n; i += Group.DimX)
        {
            float a = product[i] / t;
            squares += a * a;
            dot += a * before[i];
        }
        GpuFloat4 sums = GpuBlockReduce.Sum(SharedMemory.Allocate<GpuFloat4>(GpuBlockReduce.Shared), new GpuFloat4(squares, dot, 0, 0));
        (squares, dot) = (sums.X, sums.Y);

        // The norm is t root. With an all-zero weight u and v would otherwise stay 0 for ever, also after the weight has become something
        // else.
        bool same = keep == 1 || t == 0;
        float root = MathF.Sqrt(squares), norm = t * root, scale = addsEpsilon == 1 ? t / (norm + epsilon) : 1 / root;
        for (int i = Group.IdxX; i < n; i += Group.DimX) result[i] = same ? before[i] : product[i] / t * scale;
        if (Group.IdxX == 0) sigma[0] = t == 0 ? 0 : t * (same ? dot : scale * squares);
    }
}
