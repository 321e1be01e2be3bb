using Sagan.Native.Kernels;
using static Sagan.Native.Tests.Conformance.Operand;

namespace Sagan.Native.Tests.Conformance;

static partial class KernelCases
{
    // The bound that MatMulSpec states, for a sum of `terms` products.
    static Bound Product(int terms) => Bounds.OfAbsolute(ProductError(terms));

    static double ProductError(int terms) => 3e-7 * Math.Sqrt(Math.Max(terms, 1));

    // M, N, K.
    static readonly (int M, int N, int K)[] MatMulSizes =
    [
        (1, 1, 1), (1, 1, 7), (3, 5, 7), (1, 17, 33), (17, 1, 33), (16, 16, 16), (13, 31, 17), (31, 49, 64), (64, 33, 3), (129, 65, 257),
            (5, 700, 11),
        (700, 5, 11), (3, 4, 2000), (1, 1037, 5), (1037, 1, 5), (1, 2053, 1100), (2053, 1, 1), (0, 5, 3), (5, 0, 3),
        (3, 5, 0),
        // Around the tiles of GPUs, 64 and 128 wide and 8 deep, and a sum long enough to be shared among groups.
        (63, 65, 20), (64, 64, 8), (65, 63, 9), (127, 129, 7), (128, 128, 12), (129, 33, 15), (33, 20, 300),
    ];

    static IEnumerable<KernelCase> MatMuls()
    {
        foreach ((int m, int n, int k) in MatMulSizes)
            foreach (bool transposeA in (bool[])[false, true])
                foreach (bool transposeB in (bool[])[false, true])
                    yield return MatMulCase(new MatMulSpec(1, m, n, k, transposeA, transposeB, m * k, k * n));
        foreach ((int batch, bool repeatA, bool repeatB) in ((int, bool, bool)[])[(3, false, false), (3, true, false), (3, false, true),
            (5, true, true), (0, false, false)])
            foreach ((bool transposeA, bool transposeB) in ((bool, bool)[])[(false, false), (true, false), (false, true)])
                yield return MatMulCase(new MatMulSpec(batch, 7, 18, 9, transposeA, transposeB, repeatA ? 0 : 63, repeatB ? 0 : 162));
        // SAGAN at batch 2: the 1x1 convolutions of attention (values, queries), their weight gradients, scores and values as products, the
        // first transposed convolution.
        yield return MatMulCase(new MatMulSpec(1, 512, 128, 128, false, true, 0, 0));
        yield return MatMulCase(new MatMulSpec(1, 2048, 8, 64, false, true, 0, 0));
        yield return MatMulCase(new MatMulSpec(1, 8, 64, 2048, true, false, 0, 0));
        yield return MatMulCase(new MatMulSpec(2, 256, 256, 16, false, true, 256 * 16, 256 * 16));
        yield return MatMulCase(new MatMulSpec(2, 256, 128, 256, false, false, 256 * 256, 256 * 128));
        yield return MatMulCase(new MatMulSpec(1, 2, 8192, 128, false, false, 0, 0));
    }

    static KernelCase MatMulCase(MatMulSpec s) => new(nameof(Backend.MatMul), Describe(s), MatMulOperands(s),
        (d, t) => d.MatMul(t[0], t[1], t[2], s), Product(s.K));

    static string Describe(MatMulSpec s) =>
        $"{s.Batch} x [{s.M}, {s.K}]{(s.TransposeA ? "'" : "")} " +
        $"[{s.K}, {s.N}]{(s.TransposeB ? "'" : "")}{(s.Batch > 1 ? $" strides {s.BatchStrideA} {s.BatchStrideB}" : "")}";

    static Operand[] MatMulOperands(MatMulSpec s) =>
        [In("a", Batched(s.Batch, s.BatchStrideA, s.M * s.K)), In("b", Batched(s.Batch, s.BatchStrideB, s.K * s.N)),
        Out("y", s.Batch * s.M * s.N)];

    static int Batched(int batch, int stride, int size) => stride == 0 ? size : batch * size;

    static Conv2dSpec Conv(int n, int h, int w, int ci, int co, int kh, int kw, int stride, int padding) =>
        new(n, h, w, ci, co, kh, kw, stride, padding, (h + 2 * padding - kh) / stride + 1, (w + 2 * padding - kw) / stride + 1);

    static readonly Conv2dSpec[] ConvSizes =
    [
        Conv(1, 1, 1, 1, 1, 1, 1, 1, 0), Conv(2, 5, 7, 3, 5, 3, 3, 1, 1), Conv(2, 5, 7, 3, 5, 3, 3, 2, 1),
            Conv(1, 7, 7, 17, 33, 3, 3, 1, 0),
        Conv(3, 6, 5, 4, 7, 1, 1, 1, 0), Conv(3, 6, 5, 4, 7, 1, 1, 2, 0),
        Conv(1, 9, 8, 5, 3, 5, 3, 2, 2), Conv(1, 9, 8, 5, 3, 3, 5, 1, 2), Conv(2, 11, 11, 2, 4, 4, 4, 3, 1),
        Conv(1, 8, 8, 1, 1, 4, 4, 2, 1), Conv(2, 8, 8, 16, 16, 4, 4, 2, 1), Conv(2, 9, 9, 19, 21, 4, 4, 2, 1),
        Conv(2, 6, 6, 8, 8, 2, 2, 2, 0), Conv(1, 4, 4, 6, 9, 4, 4, 1, 0), Conv(1, 4, 4, 6, 9, 4, 4, 1, 3),
        Conv(1, 10, 10, 3, 2, 7, 7, 4, 3), Conv(1, 6, 6, 2, 3, 2, 2, 3, 0), Conv(0, 6, 6, 2, 3, 3, 3, 1, 1),
        Conv(1, 5, 5, 40, 1, 3, 3, 1, 1), Conv(1, 33, 35, 3, 20, 3, 3, 1, 1),
        // Few input channels: tiles of 8 and 6 windows, 12, 8, 6 and 4 taps, and one and two vectors of outputs at every width; windows and
        // rows left over, images narrower than a tile, padding wider than the image, windows that end before the image does.
        Conv(2, 9, 11, 1, 17, 3, 3, 1, 1), Conv(1, 10, 23, 2, 40, 4, 4, 2, 1), Conv(2, 7, 19, 3, 33, 5, 3, 2, 2),
            Conv(1, 13, 17, 4, 49, 3, 5, 3, 0),
        Conv(1, 3, 3, 3, 64, 4, 4, 2, 1), Conv(1, 2, 3, 1, 18, 5, 5, 1, 4), Conv(2, 16, 9, 4, 32, 2, 2, 2, 0),
        Conv(1, 12, 12, 3, 20, 7, 7, 4, 3),
        Conv(1, 1, 40, 3, 96, 1, 3, 1, 1), Conv(40, 5, 6, 3, 24, 3, 3, 1, 1), Conv(1, 6, 70, 3, 65, 4, 4, 2, 1),
        Conv(1, 40, 3, 2, 31, 1, 2, 1, 0), Conv(1, 9, 9, 3, 18, 2, 2, 5, 0),
        // Winograd's products: tiles of every kind, channels that fill no vector, both kernels.
        Conv(4, 16, 16, 16, 16, 4, 4, 2, 1), Conv(3, 17, 21, 20, 33, 4, 4, 2, 1), Conv(3, 9, 11, 18, 35, 3, 3, 1, 1),
        // SAGAN-64, batch 2: D's layers; the same specs are G's transposed convolutions. Batch 1 where the reference is slow.
        Conv(2, 64, 64, 3, 64, 4, 4, 2, 1), Conv(1, 32, 32, 64, 128, 4, 4, 2, 1), Conv(1, 16, 16, 128, 256, 4, 4, 2, 1),
        Conv(1, 8, 8, 256, 512, 4, 4, 2, 1), Conv(2, 4, 4, 512, 1, 4, 4, 1, 0),
        Conv(2, 4, 4, 512, 128, 4, 4, 1, 0),
    ];

    static IEnumerable<KernelCase> Convolutions()
    {
        foreach (Conv2dSpec s in ConvSizes)
        {
            (int x, int w, int y) = ConvCounts(s);
            yield return new KernelCase(nameof(Backend.Conv2d), Describe(s), [In("x", x), In("w", w), Out("y", y)],
                (d, t) => d.Conv2d(t[0], t[1], t[2], s), Product(s.Kh * s.Kw * s.Ci));
            yield return new KernelCase(nameof(Backend.Conv2dInputGrad), Describe(s), [In("dy", y), In("w", w), Out("dx", x)],
                (d, t) => d.Conv2dInputGrad(t[0], t[1], t[2], s), Product(s.Kh * s.Kw * s.Co));
            yield return new KernelCase(nameof(Backend.Conv2dWeightGrad), Describe(s), [In("x", x), In("dy", y), Out("dw", w)],
                (d, t) => d.Conv2dWeightGrad(t[0], t[1], t[2], s), Product(s.N * s.OutH * s.OutW));
        }
    }

    static (int X, int W, int Y) ConvCounts(Conv2dSpec s) =>
        (s.N * s.H * s.W * s.Ci, s.Co * s.Kh * s.Kw * s.Ci, s.N * s.OutH * s.OutW * s.Co);

    static string Describe(Conv2dSpec s) =>
        $"[{s.N}, {s.H}, {s.W}, {s.Ci}] [{s.Co}, {s.Kh}, {s.Kw}, {s.Ci}] stride {s.Stride} padding {s.Padding}";
}
