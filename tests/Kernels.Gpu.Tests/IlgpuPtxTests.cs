using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Sagan.Native.Kernels;
using Sagan.Native.Ladder;
using Sagan.Native.Measuring;
using Sagan.Native.Tests.Conformance;

namespace Sagan.Native.Tests;

/// <summary>The PTX of every kernel, without a GPU: what would be slow or would not load shows in the text.</summary>
public sealed class IlgpuPtxTests
{
    // Where the operands allow it, memory is read sixteen bytes at a time.
    static readonly string[] Vec4 = ["ZipVec4", "Vec4Loader", "AttentionValueGrad", "AttentionKeyGrad", "PeakTriad"];

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
        IProfiling profiling = gpu.Backend.Profiling!;
        profiling.PeakGflops();
        profiling.PeakGigabytes();
        foreach (KernelLadder ladder in SmallLadders.On(gpu))
        {
            using Operands o = new(gpu, ladder.Shape.Inputs, ladder.Shape.Outputs);
            foreach (Rung r in ladder.Rungs) r.Run(o);
        }
    }).ToDictionary(k => k.Name);

    // Compiling takes seconds where much is unrolled.
    static readonly ConcurrentDictionary<string, string> Texts = new();

    static string Ptx(string kernel) => Texts.GetOrAdd(kernel, k => GeneratedCode.Ptx(Kernels[k], 80));

    public static TheoryData<string> All => [.. Kernels.Keys];

    static bool IsSmallProduct(KernelCase c) => c.Operands.Sum(o => (long)o.Count) < 20_000 &&
        (c.Capability == null || (c.Capability == typeof(IFusedBias) && c.Sizes.StartsWith("[2, 8, 8, 16]", StringComparison.Ordinal))) &&
        (c.Method.Contains("MatMul", StringComparison.Ordinal) || c.Method.Contains("Conv", StringComparison.Ordinal));

    public static TheoryData<string> OnTensorCores => [.. Kernels.Keys.Where(k => k.StartsWith("TensorGemm", StringComparison.Ordinal))];

    [Theory, MemberData(nameof(OnTensorCores))]
    public void Multiplies_on_tensor_cores(string kernel)
    {
        string ptx = Ptx(kernel);
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
    public void Keeps_to_registers_and_calls_nothing(string kernel)
    {
        string ptx = Ptx(kernel);
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
        if (Vec4.Any(f => kernel.Contains(f, StringComparison.Ordinal))) Assert.Contains("ld.global.v4", ptx, StringComparison.Ordinal);
    }

    // So one capability is enough for all other tests.
    [Fact]
    public void Later_devices_get_the_same_text()
    {
        string kernel = Kernels.Keys.First(k => k.StartsWith("AttentionKeyGrad", StringComparison.Ordinal));
        Assert.Equal(WithoutNumbers(Ptx(kernel)), WithoutNumbers(GeneratedCode.Ptx(Kernels[kernel], 90)));

        // Names of kernels and labels end in numbers that go on from one compilation to the next.
        static string WithoutNumbers(string ptx) => Regex.Replace(ptx, @"(_kernel_|L_)\d+", "$1");
    }

    // ILGPU's context is of no use after a kernel that it cannot compile: the next one gets a new context.
    [Fact]
    public void A_kernel_that_does_not_compile_spoils_no_other()
    {
        LaunchedKernel good = Kernels.Values.First(k => k.Name.StartsWith("Fill", StringComparison.Ordinal));
        Assert.ThrowsAny<Exception>(() => GeneratedCode.Ptx(good with { Type = typeof(ThrowingKernel) }, 80));
        Assert.Contains(".visible .entry", GeneratedCode.Ptx(good, 80), StringComparison.Ordinal);
    }

    readonly struct ThrowingKernel : IGpuKernel
    {
        public void Run() => throw new InvalidOperationException("no exceptions on a device");
    }
}
