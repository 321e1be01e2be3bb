using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

namespace Sagan.Native.Tests;

/// <summary>
/// C# as the compiler makes it of files alone, against what the tests themselves run with: in a fraction of a second, where
/// <c>dotnet build</c> and <c>dotnet run</c> take many.
/// </summary>
static class CSharpProgram
{
    static readonly CSharpParseOptions Parse = new(LanguageVersion.Preview);

    static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p))];

    // Those of every project with ImplicitUsings.
    static readonly SyntaxTree Usings = CSharpSyntaxTree.ParseText(string.Concat(new[]
    {
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading",
        "System.Threading.Tasks",
    }.Select(n => $"global using global::{n};\n")), Parse);

    /// <summary>The assembly of these files and its symbols; errors fail the test.</summary>
    public static (byte[] Assembly, byte[] Symbols) Compile(string name, OutputKind kind, params (string Path, string Source)[] files)
    {
        // The directives of a file-based program are no C#.
        SyntaxTree[] trees = [.. files.Select(f => CSharpSyntaxTree.ParseText(SourceText.From(Regex.Replace(f.Source, "(?m)^#[:!]", "// "),
            System.Text.Encoding.UTF8), Parse, f.Path))];
        CSharpCompilation compilation = CSharpCompilation.Create(name, [.. trees, Usings], References, new CSharpCompilationOptions(kind,
            optimizationLevel: OptimizationLevel.Release, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        MemoryStream assembly = new(), symbols = new();
        EmitResult result = compilation.Emit(assembly, symbols,
            options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        return (assembly.ToArray(), symbols.ToArray());
    }
}
