using System.Reflection;
using Sagan.Native.Commands;
using Sagan.Native.Kernels;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>Dependencies point down only, Cli -> Sagan -> Tensor -> Kernels.</summary>
[Quick]
public sealed class ArchitectureTests
{
    const string Kernels = "Sagan.Native.Kernels", Engine = "Sagan.Native.Tensor", Library = "Sagan.Native";

    [Fact]
    public void Kernels_know_no_other_layer_and_no_package_but_ilgpu() =>
        Assert.DoesNotContain(References(typeof(Backend).Assembly), name => !name.StartsWith("ILGPU", StringComparison.Ordinal));

    [Fact]
    public void The_engine_knows_only_the_kernels() => Assert.Equal([Kernels], References(typeof(Tensor).Assembly));

    [Fact]
    public void The_library_builds_on_the_engine_and_knows_no_terminal()
    {
        Assembly library = typeof(TrainingRun).Assembly;
        string[] references = References(library);
        Assert.Contains(Engine, references);
        Assert.DoesNotContain(references, name => name.StartsWith("ILGPU", StringComparison.Ordinal));
        Assert.DoesNotContain(library.GetReferencedAssemblies(), a => a.Name is "sagan" or "System.CommandLine" or "System.Console");
    }

    [Fact]
    public void The_command_builds_on_the_library_and_brings_one_package_beside_the_shared_framework() =>
        Assert.Equal([Library, "Sagan.Native.KernelLab", Kernels, "Sagan.Native.Ladder", Engine, "System.CommandLine"],
            References(typeof(SaganCommandLine).Assembly)
            .Where(name => !name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal)
                && !name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal))
            .Concat(typeof(SaganCommandLine).Assembly.GetReferencedAssemblies().Select(a => a.Name!)
                .Where(name => name == "System.CommandLine")));

    /// <summary>Everything that is not the runtime's own.</summary>
    static string[] References(Assembly assembly) =>
        [.. assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(name =>
            name is not ("netstandard" or "mscorlib" or "Microsoft.Win32.Primitives")
            && !name.StartsWith("System.", StringComparison.Ordinal)).Order()];
}
