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
