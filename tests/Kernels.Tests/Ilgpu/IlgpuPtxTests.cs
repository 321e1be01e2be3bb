using System.Text.RegularExpressions;
using Sagan.Native.Kernels;
using Sagan.Native.Tests.Conformance;

namespace Sagan.Native.Tests;

/// <summary>The PTX of every kernel, without a GPU: what would be slow or would not load shows in the text.</summary>
public sealed class IlgpuPtxTests
{
    // Where the operands allow it, memory is read sixteen bytes at a time.
    static readonly string[] Fours = ["Fours(", "AttentionValueGrad", "AttentionKeyGrad", "PeakTriad"];

    // Every kernel that the table of cases launches, and those of the benchmarks.
    static readonly Dictionary<string, LaunchedKernel> Kernels = GeneratedCode.Record(gpu => () =>
    {
        foreach (KernelCase c in KernelCases.All) c.Execute(gpu.Backend, gpu.Pool.Rent, c.Values());
        // Products of every kind on tensor cores, too.
        foreach (MatMulPrecision precision in (MatMulPrecision[])[MatMulPrecision.High, MatMulPrecision.Medium])
        {
            gpu.MatMulPrecision = precision;
            foreach (KernelCase c in KernelCases.All.Where(IsSmallProduct))
                gpu.WithTensorCoresForAllProducts(() => c.Execute(gpu.Backend, gpu.Pool.Rent, c.Values()));
        }
        gpu.MatMulPrecision = MatMulPrecision.Highest;
        IMeasured measured = (IMeasured)gpu.Backend;
        measured.PeakGflops();
        measured.PeakGigabytes();
        Storage a = gpu.Pool.Rent(64), b = gpu.Pool.Rent(64), y = gpu.Pool.Rent(64);
        foreach (MatMulVersion v in measured.MatMulVersions) v.Run(a, b, y, 8, 8, 8);
    }).ToDictionary(k => k.Name);

    public static TheoryData<string, int> All
    {
        get
        {
            TheoryData<string, int> data = [];
            foreach (string name in Kernels.Keys)
                foreach (int capability in (int[])[80, 90]) data.Add(name, capability);
            return data;
        }
    }

    static bool IsSmallProduct(KernelCase c) => c.Operands.Sum(o => (long)o.Count) < 20_000 &&
        (c.Capability == null || (c.Capability == typeof(IFusedBias) && c.Sizes.StartsWith("[2, 8, 8, 16]", StringComparison.Ordinal))) &&
        (c.Method.Contains("MatMul", StringComparison.Ordinal) || c.Method.Contains("Conv", StringComparison.Ordinal));

    public static TheoryData<string> OnTensorCores => [.. Kernels.Keys.Where(k => k.StartsWith("TensorGemm", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(OnTensorCores))]
    public void Multiplies_on_tensor_cores(string kernel)
    {
        string ptx = GeneratedCode.Ptx(Kernels[kernel], 80);
        bool paired = kernel.Contains("Bf16", StringComparison.Ordinal);
        string mma = paired ? "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32" : "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32";
        // Once in the loop and once for the last step: 4 x 4 matrices, 2 steps.
        Assert.Equal(2 * 4 * 4 * 2, Count("mma.sync"));
        Assert.Equal(2 * 4 * 4 * 2, Count(mma));
        // To shared memory, rounded, before the loop and in it.
        Assert.Equal(paired ? 2 * 8 * 2 : 0, Count("cvt.rn.bf16x2.f32"));
        Assert.Equal(2 * 12, Count("ld.shared.v4"));
        Assert.Equal(paired ? 1 : 0, Count(".minnctapersm 2"));

        int Count(string text) => Regex.Count(ptx, Regex.Escape(text));
    }

    [Theory, MemberData(nameof(All))]
    public void Keeps_to_registers_and_calls_nothing(string kernel, int capability)
    {
        string ptx = GeneratedCode.Ptx(Kernels[kernel], capability);
        Assert.Contains(".visible .entry", ptx, StringComparison.Ordinal);
        // Memory of a thread that is no register: an array that is indexed, or a struct that was not taken apart.
        Assert.DoesNotContain(".local", ptx, StringComparison.Ordinal);
        // A method of .NET that has no counterpart on the device, or calls itself for ever.
        Assert.DoesNotContain(".extern .func", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain("call.uni", ptx, StringComparison.Ordinal);
        // tanh.approx has 11 bits.
        Assert.DoesNotContain("tanh.approx", ptx, StringComparison.Ordinal);
        // Atomic additions come in any order.
        Assert.DoesNotMatch(new Regex(@"\b(red|atom)\."), ptx);
        if (Fours.Any(f => kernel.Contains(f, StringComparison.Ordinal))) Assert.Contains("ld.global.v4", ptx, StringComparison.Ordinal);
    }
}
