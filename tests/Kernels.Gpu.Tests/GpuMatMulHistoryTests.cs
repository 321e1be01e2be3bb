using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

/// <summary>The GPU's matrix product in all its versions, at sizes around the edges of their tiles.</summary>
public sealed class GpuMatMulHistoryTests
{
    static readonly Device Gpu = TestGpu.Device;

    static IProfiling Profiling => Gpu.Backend.Profiling!;

    public static TheoryData<int> Versions => [.. Enumerable.Range(0, Profiling.MatMulVersions.Count)];

    [Theory, MemberData(nameof(Versions))]
    public void Every_version_is_the_product(int version)
    {
        MatMulVersion v = Profiling.MatMulVersions[version];
        foreach ((int m, int n, int k) in ((int, int, int)[])[(1, 1, 1), (17, 15, 33), (63, 65, 20), (65, 64, 7), (129, 63, 9)])
            Check(new MatMulSpec(1, m, n, k, false, false, 0, 0), (a, b, y) => v.Run(a, b, y, m, n, k), v.Name);
    }

    static void Check(MatMulSpec s, Action<Storage, Storage, Storage> product, string what)
    {
        // Multiples of 1/64, which tensor cores need not round.
        float[] a = [.. Uniform(s.M * s.K, 1).Select(v => MathF.Round(64 * v) / 64)];
        float[] b = [.. Uniform(s.K * s.N, 2).Select(v => MathF.Round(64 * v) / 64)],
            expected = On(Device.Reference, a, b, s.M * s.N, (x, w, y) =>
            Device.Reference.Backend.MatMul(x, w, y, s)), actual = On(Gpu, a, b, s.M * s.N, product);
        AssertClose([.. expected.Select(e => (double)e)], actual, s.K, $"{what} {s}");
    }

    static float[] On(Device device, float[] a, float[] b, int count, Action<Storage, Storage, Storage> product)
    {
        Storage x = device.Pool.Rent(a.Length), w = device.Pool.Rent(b.Length), y = device.Pool.Rent(count);
        x.CopyFrom(a);
        w.CopyFrom(b);
        product(x, w, y);
        float[] result = new float[count];
        y.CopyTo(result);
        foreach (Storage s in (Storage[])[x, w, y]) s.Release();
        return result;
    }
}
