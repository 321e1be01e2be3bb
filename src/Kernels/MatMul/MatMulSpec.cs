namespace Sagan.Native.Kernels;

/// <summary>
/// y[b] [M,N] = op(a[b]) [M,K] times op(b[b]) [K,N]. a is stored [M,K], or [K,M] when TransposeA; b is stored [K,N], or [N,K] when
/// TransposeB.
/// A batch stride of 0 repeats the operand for every batch entry. 2 Batch M N K flops. |error| at most 3e-7 * sqrt(K) relative to |a| |b|,
/// the product of the absolute values.
/// </summary>
readonly record struct MatMulSpec(int Batch, int M, int N, int K, bool TransposeA, bool TransposeB, int BatchStrideA,
    int BatchStrideB);
