using System.Reflection;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;

namespace Sagan.Native.Tests;

/// <summary>Dependencies point down only, Sagan -> Tensor -> Kernels.</summary>
public sealed class ArchitectureTests
{
    const string Kernels = "Sagan.Native.Kernels", Engine = "Sagan.Native.Tensor";

    [Fact]
    public void Kernels_know_no_other_layer_and_no_package_but_ilgpu() =>
        Assert.DoesNotContain(References(typeof(Backend).Assembly), name => !name.StartsWith("ILGPU", StringComparison.Ordinal));

    [Fact]
    public void The_engine_knows_only_the_kernels() => Assert.Equal([Kernels], References(typeof(Tensor).Assembly));

    [Fact]
    public void The_application_builds_on_the_engine()
    {
        string[] references = References(Assembly.Load("sagan"));
        Assert.Contains(Engine, references);
        Assert.DoesNotContain(references, name => name.StartsWith("ILGPU", StringComparison.Ordinal));
    }

    /// <summary>Everything that is not the runtime's own.</summary>
    static string[] References(Assembly assembly) =>
        [.. assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(name =>
            name is not ("netstandard" or "mscorlib") && !name.StartsWith("System.", StringComparison.Ordinal)).Order()];
}
