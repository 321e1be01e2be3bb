using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>Up to <see cref="Shape.MaxRank"/> integers inside a spec.</summary>
[InlineArray(Shape.MaxRank)]
public struct Axes
{
    int first;
}

/// <summary>The N, H, W, C of an image batch. |error| of a sum at most 1e-6 relative to the sum of the absolute terms.</summary>
public readonly record struct ImageSpec(int N, int H, int W, int C);

/// <summary>Cuts along one axis: x is [Outer, Length, Inner], the piece [Outer, Count, Inner] begins at Start.</summary>
public readonly record struct SliceSpec(int Outer, int Length, int Inner, int Start, int Count);

/// <summary>Table [Rows, Width], Count indices.</summary>
public readonly record struct GatherSpec(int Rows, int Count, int Width);

/// <summary>
/// Counter-based random numbers: see <see cref="Backend.RandomUniform"/>. Uniform numbers have the same bits on every device, normal ones an |error| of at
/// most 1e-6 (1 + |y|).
/// </summary>
/// <param name="Seed">The key.</param>
/// <param name="Stream">The upper 64 bits of the counter: independent sequences under one seed.</param>
/// <param name="Offset">Number of elements drawn before from this stream; a multiple of 4.</param>
public readonly record struct PhiloxKey(ulong Seed, ulong Stream, ulong Offset);

/// <summary>What follows a product or a normalisation.</summary>
public enum ActivationKind
{
    /// <summary>act(z) = z.</summary>
    None,

    /// <summary>act(z) = z &lt; 0 ? Slope z : z. ReLU is slope 0, and 0 for every z below 0, minus infinity too. NaN stays NaN.</summary>
    LeakyRelu,

    /// <summary>act(z) = tanh z.</summary>
    Tanh,
}

/// <summary>
/// An activation as a value, for the epilogue of fused kernels. All of them have a derivative that can be told from y = act(z), so a slope must
/// not be negative.
/// </summary>
public readonly record struct Activation(ActivationKind Kind, float Slope = 0)
{
    public float Slope { get; } = Slope >= 0 && float.IsFinite(Slope) ? Slope
        : throw new ArgumentOutOfRangeException(nameof(Slope), Slope,
            "activation: the slope must be a number of at least 0, since the gradient is told from the sign of y.");

    public static Activation None => default;

    public static Activation Relu => new(ActivationKind.LeakyRelu);

    public static Activation Tanh => new(ActivationKind.Tanh);

    public static Activation LeakyRelu(float slope) => new(ActivationKind.LeakyRelu, slope);
}

/// <summary>
/// y[b] [M,N] = op(a[b]) [M,K] times op(b[b]) [K,N]. a is stored [M,K], or [K,M] when TransposeA; b is stored [K,N], or [N,K] when TransposeB.
/// A batch stride of 0 repeats the operand for every batch entry. 2 Batch M N K flops. |error| at most 3e-7 * sqrt(K) relative to |a| |b|, the product of the
/// absolute values.
/// </summary>
public readonly record struct MatMulSpec(int Batch, int M, int N, int K, bool TransposeA, bool TransposeB, int BatchStrideA, int BatchStrideB);

/// <summary>
/// x [N,H,W,Ci], w [Co,Kh,Kw,Ci], y [N,OutH,OutW,Co]; OutH = floor((H + 2 Padding - Kh) / Stride) + 1. The same spec serves the three convolution primitives.
/// 2 N OutH OutW Co Kh Kw Ci flops. |error| at most 3e-7 * sqrt(terms) relative to the sum of the absolute terms, terms = Kh Kw Ci, Kh Kw Co or N OutH OutW.
/// </summary>
public readonly record struct Conv2dSpec(int N, int H, int W, int Ci, int Co, int Kh, int Kw, int Stride, int Padding, int OutH, int OutW)
{
    /// <summary>2 N OutH OutW Co Kh Kw Ci.</summary>
    public double Flops => 2.0 * N * OutH * OutW * Co * Kh * Kw * Ci;
}

/// <summary>x [N,H,W,C], windows Kernel x Kernel every Stride pixels, Padding pixels of minus infinity around; y [N,OutH,OutW,C].</summary>
public readonly record struct MaxPool2dSpec(int N, int H, int W, int C, int Kernel, int Stride, int Padding, int OutH, int OutW);

/// <summary>
/// q [Batch,N,Dk], k [Batch,M,Dk], v [Batch,M,Dv]. Forward 2 Batch N M (Dk + Dv) flops and memory linear in N + M.
/// With S = |scale| max_ij sum_d |q_id k_jd|, what scores are rounded by 2^-24 of: |error| at most 2e-5 + 6e-8 S relative to max |v| for o and to z for z,
/// 3e-7 S / |scale| for m; of a gradient at most 5e-6 + 6e-8 S relative to the largest sum of the absolute values of its terms, which are
/// A |g| for dv and scale A (|g| |v| + |g| |o|) times |k| or |q|. Scores that are no larger than their difference needs, but exact, cost nothing.
/// </summary>
public readonly record struct AttentionSpec(int Batch, int N, int M, int Dk, int Dv, float Scale);

/// <summary>
/// x [Rows, Channels]; every channel has its own statistics. With d = 1 + |mean| for channels of deviation about 1: |error| at most 1e-6 d max(1, |.|) for
/// mean and variance,
/// 2e-6 d (1 + |y|) for y, and 1e-6 d relative to the sum of the absolute terms for a gradient. A channel of equal numbers has exactly them for its mean and
/// variance 0 (on a GPU where their sums are finite floats); one with an infinity has an infinite mean and no variance (NaN), and so has none of 0 rows.
/// </summary>
public readonly record struct BatchNormSpec(int Rows, int Channels, float Epsilon, Activation Activation);

/// <summary>How a vector is divided by its norm.</summary>
public enum NormEpsilon
{
    /// <summary>
    /// x / |x|: torch.nn.functional.normalize, x / max(|x|, eps), for every x that is not shorter than eps. A shorter one is divided by its own length here, so
    /// that u and v are unit vectors whatever the weight's size: divided by eps they would shrink at each step, and w / sigma grow without bound.
    /// </summary>
    Max,

    /// <summary>x / (|x| + eps): heykeetae and the official code. w / sigma is larger than 1 by about 2 eps / sigma, and without bound below eps, as theirs.</summary>
    Add,
}

/// <summary>
/// The stored matrix S is [Rows, Columns], row-major. Transpose false: W = S, u has Rows and v has Columns elements. Transpose true: W = S^T, u has Columns
/// and v has Rows
/// elements. 4 Rows Columns flops an iteration. |error| of each result at most 1e-5 relative to its largest element.
/// </summary>
public readonly record struct PowerIterationSpec(int Rows, int Columns, bool Transpose, int Iterations, float Epsilon, NormEpsilon EpsilonForm);

/// <summary>Where Adam adds epsilon: see <see cref="IFusedAdam.Adam"/>.</summary>
public enum AdamForm
{
    Torch,
    TensorFlow,
}

/// <summary>
/// Hyperparameters of one Adam step; Step is t, counted from 1. |error| of p at most one rounding of p, 1e-5 of its change and 1e-7 lr; of m and v two
/// roundings of their terms.
/// </summary>
public readonly record struct AdamSpec(float LearningRate, double Beta1, double Beta2, float Epsilon, int Step, AdamForm Form);

/// <summary>One parameter of a group: its value p, gradient g and moments m, v, all of Count elements.</summary>
public readonly record struct AdamSlot(Storage P, Storage G, Storage M, Storage V, int Count);

/// <summary>
/// The geometry of an elementwise function of two operands that broadcast: the axes of y with runs of axes that behave alike merged, and the element strides
/// of a and b
/// along them (0 where the operand has size 1). Rank 1 with strides (1, 1) is the plain case, (1, 0) a scalar b; rank 2 with b strides (0, 1) a bias.
/// </summary>
public readonly struct BroadcastSpec
{
    readonly Axes sizes, strideA, strideB;

    public BroadcastSpec(Shape a, Shape b, Shape y)
    {
        Count = y.Count;
        Span<int> n = stackalloc int[Shape.MaxRank], sa = stackalloc int[Shape.MaxRank], sb = stackalloc int[Shape.MaxRank];
        int rank = 0, runA = 1, runB = 1;
        // Innermost first; an axis joins the one inside it when both operands step through the two as through one.
        for (int i = 1; i <= y.Rank; i++)
        {
            int size = y[-i];
            if (size == 1) continue;
            int da = i <= a.Rank ? a[-i] : 1, db = i <= b.Rank ? b[-i] : 1;
            int ta = da == 1 ? 0 : runA, tb = db == 1 ? 0 : runB;
            runA *= da;
            runB *= db;
            if (rank > 0 && ta == sa[rank - 1] * n[rank - 1] && tb == sb[rank - 1] * n[rank - 1]) n[rank - 1] *= size;
            else
            {
                n[rank] = size;
                sa[rank] = ta;
                sb[rank++] = tb;
            }
        }
        if (rank == 0) n[rank++] = 1;
        Rank = rank;
        for (int i = 0; i < rank; i++)
        {
            sizes[i] = n[rank - 1 - i];
            strideA[i] = sa[rank - 1 - i];
            strideB[i] = sb[rank - 1 - i];
        }
    }

    /// <summary>Number of merged axes, at least 1.</summary>
    public int Rank { get; }

    /// <summary>Elements of y.</summary>
    public int Count { get; }

    public int Size(int axis) => sizes[axis];

    public int StrideA(int axis) => strideA[axis];

    public int StrideB(int axis) => strideB[axis];
}

/// <summary>
/// The geometry of a sum over some axes: x's axes with runs of equal kind merged, so that kept and reduced axes alternate. Typical: [rows (reduced), columns
/// (kept)].
/// Summation is in a fixed tree order that depends on the sizes alone. |error| at most 1e-6 relative to sum |x|.
/// </summary>
public readonly struct ReduceSpec
{
    readonly Axes sizes;
    readonly uint reduced;

    public ReduceSpec(Shape x, ReadOnlySpan<bool> reduce)
    {
        int rank = 0;
        InputCount = x.Count;
        OutputCount = 1;
        for (int i = 0; i < x.Rank; i++)
        {
            if (!reduce[i]) OutputCount *= x[i];
            if (x[i] == 1) continue;
            if (rank > 0 && IsReduced(rank - 1) == reduce[i]) sizes[rank - 1] *= x[i];
            else
            {
                sizes[rank] = x[i];
                if (reduce[i]) reduced |= 1u << rank;
                rank++;
            }
        }
        if (rank == 0) sizes[rank++] = 1;
        Rank = rank;
    }

    /// <summary>Number of merged axes, at least 1.</summary>
    public int Rank { get; }

    /// <summary>Elements of x; may be 0, the sum is then 0.</summary>
    public int InputCount { get; }

    /// <summary>Elements of y.</summary>
    public int OutputCount { get; }

    public int Size(int axis) => sizes[axis];

    public bool IsReduced(int axis) => (reduced >> axis & 1) != 0;
}

/// <summary>y's axis i is x's axis order[i]: the sizes of y and the element strides in x that go with them.</summary>
public readonly struct PermuteSpec
{
    readonly Axes sizes, strides;

    public PermuteSpec(Shape x, ReadOnlySpan<int> order)
    {
        Rank = x.Rank;
        Count = x.Count;
        for (int i = 0; i < Rank; i++)
        {
            sizes[i] = x[order[i]];
            strides[i] = x.Product(order[i] + 1, x.Rank);
        }
    }

    public int Rank { get; }

    public int Count { get; }

    /// <summary>Size of y's axis.</summary>
    public int Size(int axis) => sizes[axis];

    /// <summary>Distance in x between neighbours along y's axis.</summary>
    public int Stride(int axis) => strides[axis];
}
