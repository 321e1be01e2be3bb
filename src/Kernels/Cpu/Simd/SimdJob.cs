using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>
/// A job whose loops are written once for every vector width; its <see cref="IJob.Execute"/> is <c>SimdJob.Run(this, index)</c>.
/// </summary>
interface ISimdJob : IJob
{
    void Execute<V>(int index) where V : unmanaged, ISimd<V>;
}

static class SimdJob
{
    /// <summary>
    /// Does the job on the widest vectors that this machine has in hardware. The tests are constants to the JIT: one branch is left.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TJob>(in TJob job, int index) where TJob : unmanaged, ISimdJob
    {
        if (Vector512.IsHardwareAccelerated) job.Execute<Simd512>(index);
        else if (Vector256.IsHardwareAccelerated) job.Execute<Simd256>(index);
        else if (Vector128.IsHardwareAccelerated) job.Execute<Simd128>(index);
        else job.Execute<Simd1>(index);
    }
}
