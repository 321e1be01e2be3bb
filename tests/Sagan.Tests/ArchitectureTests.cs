using System.Reflection;
using System.Text.RegularExpressions;
using Sagan.Native.Kernels;
using Sagan.Native.Metrics;

namespace Sagan.Native.Tests;

/// <summary>Dependencies point down only, Sagan -> Tensor -> Kernels, and a kernel lies where a reader looks for it.</summary>
public sealed partial class ArchitectureTests
{
    const string Kernels = "Sagan.Native.Kernels", Engine = "Sagan.Native.Tensor";

    static string KernelsFolder => Path.Combine(Repository.Root, "src", "Kernels");

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

    [Fact]
    public void A_backend_is_spread_over_files_named_after_it()
    {
        foreach (string file in KernelFiles())
            foreach (Match declaration in PartialBackend().Matches(File.ReadAllText(file)))
                Assert.Matches($@"^{declaration.Groups[1].Value}(\.\w+)?\.cs$", Path.GetFileName(file));
    }

    [Fact]
    public void All_implementations_of_a_primitive_lie_in_one_folder()
    {
        // The folder of every override of a primitive, by primitive.
        ILookup<string, (string Folder, string File)> found = KernelFiles()
            .SelectMany(file => Override().Matches(File.ReadAllText(file)).Select(m =>
                (Primitive: m.Groups[1].Value, Folder: Path.GetDirectoryName(Path.GetRelativePath(KernelsFolder, file))!, File: file)))
            .ToLookup(f => f.Primitive, f => (f.Folder, Path.GetFileName(f.File)));
        foreach (MethodInfo primitive in typeof(Backend)
            .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            (string Folder, string File)[] places = [.. found[primitive.Name]];
            Assert.Contains(places, p => p.File.StartsWith(nameof(CpuBackend), StringComparison.Ordinal));
            Assert.Contains(places, p => p.File.StartsWith(nameof(ReferenceBackend), StringComparison.Ordinal));
            string folder = Assert.Single(places.Select(p => p.Folder).Distinct());
            Assert.True(folder.Length > 0,
                $"{primitive.Name} is implemented in {places[0].File}, which holds only what all kernels share.");
        }
    }

    static IEnumerable<string> KernelFiles() =>
        Directory.EnumerateFiles(KernelsFolder, "*.cs", SearchOption.AllDirectories).Where(f =>
            Path.GetRelativePath(KernelsFolder, f).Split(Path.DirectorySeparatorChar)[0] is not ("bin" or "obj"));

    [GeneratedRegex(@"partial class (\w+Backend)\b")]
    private static partial Regex PartialBackend();

    [GeneratedRegex(@"public override (?:unsafe )?void (\w+)[<(]")]
    private static partial Regex Override();
}
