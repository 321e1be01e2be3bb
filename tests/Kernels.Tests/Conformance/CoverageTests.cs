using System.Reflection;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>Nothing is left out of the table.</summary>
[Quick]
public sealed class CoverageTests
{
    static readonly Type[] Types = typeof(Backend).Assembly.GetTypes();

    static readonly Type[] Capabilities = [.. Types.Where(t => t.IsInterface && t.Name.StartsWith("IFused", StringComparison.Ordinal))];

    [Fact]
    public void Every_primitive_has_a_case() =>
        AssertAllIn(typeof(Backend).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(m => m.Name),
            KernelCases.All.Where(c => c.Capability == null).Select(c => c.Method),
            "Add cases that call the primitive in tests/Kernels.Tests/Conformance: " +
            "a method in the KernelCases file it belongs to, listed in KernelCases.cs.");

    [Fact]
    public void Every_fused_kernel_has_a_case() =>
        AssertAllIn(Capabilities.SelectMany(i => i.GetMethods().Select(m => $"{i.Name}.{m.Name}")),
            KernelCases.All.Where(c => c.Capability != null).Select(c => $"{c.Capability!.Name}.{c.Method}"),
            "Add its definition to FusedDefinitions.cs and cases to KernelCases.Fused.cs, in tests/Kernels.Tests/Conformance.");

    [Fact]
    public void Every_elementwise_function_has_a_case() =>
        AssertAllIn(
            // Two copy: they are what Copy and BroadcastTo call.
            Types.Where(t => !t.IsNested && t.IsValueType && t.GetInterfaces().Any(i => i == typeof(IUnaryOp) || i == typeof(IBinaryOp)))
                .Select(t => t.Name).Except(["IdentityOp", "FirstOp"]),
            KernelCases.All.Where(c => c.Function != null).Select(c => c.Function!.Name),
            "Add a line to Functions() in tests/Kernels.Tests/Conformance/KernelCases.Elementwise.cs, " +
            "such as  .. Map(new SiluOp(), Ulps(6)),");

    [Fact]
    public void The_cpu_backend_has_every_fused_kernel() =>
        Assert.Empty(Capabilities.Where(i => !i.IsInstanceOfType(Device.Cpu.Backend)).Select(i => i.Name));

    static void AssertAllIn(IEnumerable<string> wanted, IEnumerable<string> present, string advice)
    {
        string[] all = [.. wanted];
        Assert.NotEmpty(all);
        string[] missing = [.. all.Except(present)];
        Assert.True(missing.Length == 0, $"without a case: {string.Join(", ", missing)}. {advice}");
    }
}
