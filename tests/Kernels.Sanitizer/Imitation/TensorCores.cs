using ILGPU;
using Sagan.Native.Tests.Sanitizer;

namespace Sagan.Native.Kernels;

/// <summary>
/// The methods of IlgpuTensorCores.cs, emulated: which lane holds which element of A, B and C is written from the PTX ISA (9.7.14,
/// mma.m16n8k8 with .tf32 and mma.m16n8k16 with .bf16). A warp's instruction is executed when its last lane has come to it; sums may be
/// asked for behind the next barrier.
/// </summary>
static class GpuTensorCores
{
    public static void Clear() => Lane.Clear();

    public static void Right(GpuFloat4 b0, GpuFloat4 b1, GpuFloat4 b2, GpuFloat4 b3) =>
        Lane.Right = [.. Words(b0), .. Words(b1), .. Words(b2), .. Words(b3)];

    public static void MultiplyTf32(GpuFloat4 first, GpuFloat4 second) => Multiply(first, second, paired: false);

    public static void MultiplyBf16(GpuFloat4 first, GpuFloat4 second) => Multiply(first, second, paired: true);

    static void Multiply(GpuFloat4 first, GpuFloat4 second, bool paired)
    {
        Lane.Pending.Enqueue(new TensorInstruction(paired, Words(first), Lane.Right, 0));
        Lane.Pending.Enqueue(new TensorInstruction(paired, Words(second), Lane.Right, 2));
        Lane.Turns++;
        KernelThread.Current.Group.Warp(KernelThread.Current.Index).Execute();
    }

    public static void StoreBf16(ArrayView<long> shared, int i, float x, float y, float z, float w) =>
        shared[i] = (long)((ulong)Pair(z, w) << 32 | Pair(x, y));

    public static void Sums(ArrayView<float> shared, int i, int pitch)
    {
        TensorLane lane = Lane;
        if (lane.Pending.Count > 0) throw new KernelException("sums of tensor cores are read before all lanes of the warp have multiplied");
        for (int m = 0; m < 16; m++) shared[i + m * pitch] = lane.Sums[lane.Turns % 4, m];
        lane.Turns++;
    }

    static TensorLane Lane => KernelThread.Current.Group.Warp(KernelThread.Current.Index)[KernelThread.Current.Index];

    static uint[] Words(GpuFloat4 v) => [Interop.FloatAsInt(v.X), Interop.FloatAsInt(v.Y), Interop.FloatAsInt(v.Z),
        Interop.FloatAsInt(v.W)];

    static uint Pair(float low, float high) => Bf16(high) << 16 | Bf16(low);

    // cvt.rn.bf16x2.f32: to nearest, ties to even; NaN is 0x7FFF.
    static uint Bf16(float x)
    {
        uint bits = Interop.FloatAsInt(x);
        return float.IsNaN(x) ? 0x7FFF : bits + 0x7FFF + ((bits >> 16) & 1) >> 16;
    }
}
