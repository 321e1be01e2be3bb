using System.Reflection;
using System.Text.RegularExpressions;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>A kernel lies where a reader looks for it: a folder for each op, in it a static class for each device.</summary>
[Quick]
public sealed partial class FolderTests
{
    static readonly string[] Shared = ["Core", "Cpu", "Gpu", "Reference"];

    static readonly Type[] Types = typeof(Backend).Assembly.GetTypes();

    static string KernelsFolder => Path.Combine(Repository.Root, "src", "Kernels");

    // Every source file by its name, with the first part of its folder.
    static Dictionary<string, string> Folders => field ??= Directory.EnumerateFiles(KernelsFolder, "*.cs", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(KernelsFolder, f).Split(Path.DirectorySeparatorChar)).Where(p => p[0] is not ("bin" or "obj"))
        .ToDictionary(p => p[^1][..^3], p => p[0]);

    static string Source(string backend) => File.ReadAllText(Path.Combine(KernelsFolder, backend[..^"Backend".Length], backend + ".cs"));

    [Fact]
    public void Each_primitive_is_a_method_of_a_class_for_each_device_in_one_folder()
    {
        // Of each backend: the class to which it hands each method.
        Dictionary<string, Dictionary<string, string>> classes = ((Type[])[typeof(CpuBackend), typeof(GpuBackend),
            typeof(ReferenceBackend)])
            .ToDictionary(b => b.Name, b => Delegation().Matches(Source(b.Name)).ToDictionary(m => m.Groups[1].Value,
                m => m.Groups[2].Value));
        foreach (string method in Primitives.Concat(FusedKernels))
        {
            string[] found = [.. classes.Values.Select(c => c.GetValueOrDefault(method)).OfType<string>()];
            Assert.True(found.Length == (Primitives.Contains(method) ? 3 : 2), $"{method} is handed on by {found.Length} backends.");
            foreach (string name in found)
                Assert.True(Types.Single(t => t.Name == name).GetMethods(BindingFlags.Public | BindingFlags.Static).Any(m =>
                    m.Name == method),
                    $"{name} has no {method}.");
            string folder = Assert.Single(found.Select(name => Folders[name]).Distinct());
            Assert.DoesNotContain(folder, Shared);
        }
    }

    [Fact]
    public void A_spec_lies_beside_its_kernels()
    {
        foreach (Type spec in Types.Where(t => t.IsPublic && t.Name.EndsWith("Spec", StringComparison.Ordinal)))
            Assert.DoesNotContain(Folders[spec.Name], Shared);
    }

    [Fact]
    public void A_device_s_class_is_named_after_its_file_and_is_no_part_of_another()
    {
        foreach (Type backend in (Type[])[typeof(CpuBackend), typeof(GpuBackend), typeof(ReferenceBackend)])
            Assert.DoesNotContain("partial", Source(backend.Name), StringComparison.Ordinal);
        foreach (string name in Folders.Keys.Where(n => n.EndsWith("Backend", StringComparison.Ordinal) && n != nameof(Backend)))
            Assert.Contains(Folders[name], Shared);
    }

    static readonly string[] Primitives =
        [.. typeof(Backend).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(m => m.Name)];

    static readonly string[] FusedKernels = [.. Types.Where(t => t.IsInterface && t.Name.StartsWith("IFused", StringComparison.Ordinal))
        .SelectMany(t => t.GetMethods()).Select(m => m.Name)];

    [GeneratedRegex(@"public (?:override )?void (\w+)[^=;]*=>\s*(\w+)\.\1\(")]
    private static partial Regex Delegation();
}
