using ILGPU;
using ILGPU.Runtime.Cuda;

namespace Sagan.Native.Kernels;

// All that the products need of a GPU's tensor cores (compute capability 8.0 on): inline PTX, which has no other place in this project. The
// sanitizer of the tests puts an emulation with the same methods in place of this file.
//
// What ILGPU 1.5.3 allows: a statement of assembly takes values in registers, up to ten, but what it returns goes through a pointer. A
// pointer to a variable of a thread would be one to memory (.local), in the middle of the inner loop. So the sums never leave the assembly:
// they are registers with names of its own, declared once, that ILGPU does not know of, until they are stored to shared memory at the end;
// what is rounded goes to shared memory in the same statement.
//
// A warp has sums for 64 x 32 results. They are a ring of four blocks of 16 registers a lane: an operation is for the first, c0 to c15, and
// turns the ring. The moves are names only: after four operations the ring is as before, and the assembler makes no instruction of them.

/// <summary>The instructions of tensor cores. All threads of a warp call them together.</summary>
static class GpuTensorCores
{
    const string Tf32 = "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";
    const string Bf16 = "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32";
    const string TakeLeft =
        "mov.b32 a0, %0; mov.b32 a1, %1; mov.b32 a2, %2; mov.b32 a3, %3; mov.b32 a4, %4; mov.b32 a5, %5; mov.b32 a6, %6; mov.b32 a7, %7; ";
    const string Turn =
        "mov.f32 d0, c0; mov.f32 d1, c1; mov.f32 d2, c2; mov.f32 d3, c3; mov.f32 d4, c4; mov.f32 d5, c5; mov.f32 d6, c6; mov.f32 d7, c7; " +
        "mov.f32 d8, c8; mov.f32 d9, c9; mov.f32 d10, c10; mov.f32 d11, c11; mov.f32 d12, c12; mov.f32 d13, c13; mov.f32 d14, c14; " +
        "mov.f32 d15, c15; mov.f32 c0, c16; mov.f32 c1, c17; mov.f32 c2, c18; mov.f32 c3, c19; mov.f32 c4, c20; mov.f32 c5, c21; " +
        "mov.f32 c6, c22; mov.f32 c7, c23; mov.f32 c8, c24; mov.f32 c9, c25; mov.f32 c10, c26; mov.f32 c11, c27; mov.f32 c12, c28; " +
        "mov.f32 c13, c29; " +
        "mov.f32 c14, c30; mov.f32 c15, c31; mov.f32 c16, c32; mov.f32 c17, c33; mov.f32 c18, c34; mov.f32 c19, c35; mov.f32 c20, c36; " +
        "mov.f32 c21, c37; mov.f32 c22, c38; mov.f32 c23, c39; mov.f32 c24, c40; mov.f32 c25, c41; mov.f32 c26, c42; mov.f32 c27, c43; " +
        "mov.f32 c28, c44; mov.f32 c29, c45; mov.f32 c30, c46; mov.f32 c31, c47; mov.f32 c32, c48; mov.f32 c33, c49; mov.f32 c34, c50; " +
        "mov.f32 c35, c51; mov.f32 c36, c52; mov.f32 c37, c53; mov.f32 c38, c54; mov.f32 c39, c55; mov.f32 c40, c56; mov.f32 c41, c57; " +
        "mov.f32 c42, c58; mov.f32 c43, c59; mov.f32 c44, c60; mov.f32 c45, c61; mov.f32 c46, c62; mov.f32 c47, c63; mov.f32 c48, d0; " +
        "mov.f32 c49, d1; mov.f32 c50, d2; mov.f32 c51, d3; mov.f32 c52, d4; mov.f32 c53, d5; mov.f32 c54, d6; mov.f32 c55, d7; " +
        "mov.f32 c56, d8; mov.f32 c57, d9; mov.f32 c58, d10; mov.f32 c59, d11; mov.f32 c60, d12; mov.f32 c61, d13; " +
        "mov.f32 c62, d14; mov.f32 c63, d15; ";
    const string Zero =
        "mov.f32 c0, 0f00000000; mov.f32 c1, 0f00000000; mov.f32 c2, 0f00000000; mov.f32 c3, 0f00000000; mov.f32 c4, 0f00000000; " +
        "mov.f32 c5, 0f00000000; mov.f32 c6, 0f00000000; mov.f32 c7, 0f00000000; mov.f32 c8, 0f00000000; mov.f32 c9, 0f00000000; " +
        "mov.f32 c10, 0f00000000; mov.f32 c11, 0f00000000; mov.f32 c12, 0f00000000; mov.f32 c13, 0f00000000; mov.f32 c14, 0f00000000; " +
        "mov.f32 c15, 0f00000000; mov.f32 c16, 0f00000000; mov.f32 c17, 0f00000000; mov.f32 c18, 0f00000000; mov.f32 c19, 0f00000000; " +
        "mov.f32 c20, 0f00000000; mov.f32 c21, 0f00000000; mov.f32 c22, 0f00000000; mov.f32 c23, 0f00000000; mov.f32 c24, 0f00000000; " +
        "mov.f32 c25, 0f00000000; mov.f32 c26, 0f00000000; mov.f32 c27, 0f00000000; mov.f32 c28, 0f00000000; mov.f32 c29, 0f00000000; " +
        "mov.f32 c30, 0f00000000; mov.f32 c31, 0f00000000; mov.f32 c32, 0f00000000; mov.f32 c33, 0f00000000; mov.f32 c34, 0f00000000; " +
        "mov.f32 c35, 0f00000000; mov.f32 c36, 0f00000000; mov.f32 c37, 0f00000000; mov.f32 c38, 0f00000000; mov.f32 c39, 0f00000000; " +
        "mov.f32 c40, 0f00000000; mov.f32 c41, 0f00000000; mov.f32 c42, 0f00000000; mov.f32 c43, 0f00000000; mov.f32 c44, 0f00000000; " +
        "mov.f32 c45, 0f00000000; mov.f32 c46, 0f00000000; mov.f32 c47, 0f00000000; mov.f32 c48, 0f00000000; mov.f32 c49, 0f00000000; " +
        "mov.f32 c50, 0f00000000; mov.f32 c51, 0f00000000; mov.f32 c52, 0f00000000; mov.f32 c53, 0f00000000; mov.f32 c54, 0f00000000; " +
        "mov.f32 c55, 0f00000000; mov.f32 c56, 0f00000000; mov.f32 c57, 0f00000000; mov.f32 c58, 0f00000000; mov.f32 c59, 0f00000000; " +
        "mov.f32 c60, 0f00000000; mov.f32 c61, 0f00000000; mov.f32 c62, 0f00000000; mov.f32 c63, 0f00000000; ";

    /// <summary>Declares the registers and sets all sums to 0: once, before all else.</summary>
    public static void Clear() => CudaAsm.Emit(".reg .f32 c<64>, d<16>; .reg .b32 a<8>, b<16>; " + Zero);

    /// <summary>
    /// This lane's part of four matrices B, [k, 8] each, for the operations that follow: words 0, 1 for the first k, 2, 3 for the second.
    /// </summary>
    public static void Right(GpuFloat4 b0, GpuFloat4 b1, GpuFloat4 b2, GpuFloat4 b3)
    {
        CudaAsm.Emit("mov.b32 b0, %0; mov.b32 b1, %1; mov.b32 b2, %2; mov.b32 b3, %3; " +
            "mov.b32 b4, %4; mov.b32 b5, %5; mov.b32 b6, %6; mov.b32 b7, %7;",
            b0.X, b0.Y, b0.Z, b0.W, b1.X, b1.Y, b1.Z, b1.W);
        CudaAsm.Emit("mov.b32 b8, %0; mov.b32 b9, %1; mov.b32 b10, %2; mov.b32 b11, %3; " +
            "mov.b32 b12, %4; mov.b32 b13, %5; mov.b32 b14, %6; mov.b32 b15, %7;",
            b2.X, b2.Y, b2.Z, b2.W, b3.X, b3.Y, b3.Z, b3.W);
    }

    /// <summary>
    /// Block += A B for the four B, twice 8 k, TF32; turns the ring. The lane's parts of A [16, k] for the first and the second k.
    /// </summary>
    public static void MultiplyTf32(GpuFloat4 first, GpuFloat4 second) =>
        CudaAsm.Emit(TakeLeft +
            Tf32 + " {c0, c1, c2, c3}, {a0, a1, a2, a3}, {b0, b1}, {c0, c1, c2, c3}; " +
            Tf32 + " {c4, c5, c6, c7}, {a0, a1, a2, a3}, {b4, b5}, {c4, c5, c6, c7}; " +
            Tf32 + " {c8, c9, c10, c11}, {a0, a1, a2, a3}, {b8, b9}, {c8, c9, c10, c11}; " +
            Tf32 + " {c12, c13, c14, c15}, {a0, a1, a2, a3}, {b12, b13}, {c12, c13, c14, c15}; " +
            Tf32 + " {c0, c1, c2, c3}, {a4, a5, a6, a7}, {b2, b3}, {c0, c1, c2, c3}; " +
            Tf32 + " {c4, c5, c6, c7}, {a4, a5, a6, a7}, {b6, b7}, {c4, c5, c6, c7}; " +
            Tf32 + " {c8, c9, c10, c11}, {a4, a5, a6, a7}, {b10, b11}, {c8, c9, c10, c11}; " +
            Tf32 + " {c12, c13, c14, c15}, {a4, a5, a6, a7}, {b14, b15}, {c12, c13, c14, c15}; " + Turn,
            first.X, first.Y, first.Z, first.W, second.X, second.Y, second.Z, second.W);

    /// <summary>The same for twice 16 k, BF16, two in a word.</summary>
    public static void MultiplyBf16(GpuFloat4 first, GpuFloat4 second) =>
        CudaAsm.Emit(TakeLeft +
            Bf16 + " {c0, c1, c2, c3}, {a0, a1, a2, a3}, {b0, b1}, {c0, c1, c2, c3}; " +
            Bf16 + " {c4, c5, c6, c7}, {a0, a1, a2, a3}, {b4, b5}, {c4, c5, c6, c7}; " +
            Bf16 + " {c8, c9, c10, c11}, {a0, a1, a2, a3}, {b8, b9}, {c8, c9, c10, c11}; " +
            Bf16 + " {c12, c13, c14, c15}, {a0, a1, a2, a3}, {b12, b13}, {c12, c13, c14, c15}; " +
            Bf16 + " {c0, c1, c2, c3}, {a4, a5, a6, a7}, {b2, b3}, {c0, c1, c2, c3}; " +
            Bf16 + " {c4, c5, c6, c7}, {a4, a5, a6, a7}, {b6, b7}, {c4, c5, c6, c7}; " +
            Bf16 + " {c8, c9, c10, c11}, {a4, a5, a6, a7}, {b10, b11}, {c8, c9, c10, c11}; " +
            Bf16 + " {c12, c13, c14, c15}, {a4, a5, a6, a7}, {b14, b15}, {c12, c13, c14, c15}; " + Turn,
            first.X, first.Y, first.Z, first.W, second.X, second.Y, second.Z, second.W);

    /// <summary>shared[i] = two words of two: v rounded to BF16, to nearest, ties to even; the first in the lower half of a word.</summary>
    public static void StoreBf16(ArrayView<long> shared, int i, float x, float y, float z, float w) => CudaAsm.Emit(
        "{ .reg .b32 l, h; cvt.rn.bf16x2.f32 l, %2, %1; cvt.rn.bf16x2.f32 h, %4, %3; mov.b64 %0, {l, h}; }", out shared[i], x, y, z, w);

    /// <summary>
    /// Stores the sums of the first block to shared[i + pitch m] and turns the ring: m = 4 j + e is sum e of the product with B number j,
    /// that is of row g (e = 0, 1) or g + 8 (e = 2, 3) and column 2 t (e = 0, 2) or 2 t + 1 (e = 1, 3), where the lane is 4 g + t. Behind a
    /// barrier.
    /// </summary>
    public static void Sums(ArrayView<float> shared, int i, int pitch)
    {
        CudaAsm.Emit("mov.f32 %0, c0;", out shared[i]);
        CudaAsm.Emit("mov.f32 %0, c1;", out shared[i + 1 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c2;", out shared[i + 2 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c3;", out shared[i + 3 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c4;", out shared[i + 4 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c5;", out shared[i + 5 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c6;", out shared[i + 6 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c7;", out shared[i + 7 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c8;", out shared[i + 8 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c9;", out shared[i + 9 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c10;", out shared[i + 10 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c11;", out shared[i + 11 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c12;", out shared[i + 12 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c13;", out shared[i + 13 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c14;", out shared[i + 14 * pitch]);
        CudaAsm.Emit("mov.f32 %0, c15;", out shared[i + 15 * pitch]);
        CudaAsm.Emit(Turn);
    }
}
