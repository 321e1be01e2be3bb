using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;
using Sagan.Native.Lessons;

namespace Sagan.Native.Tests;

/// <summary>A lesson as the compiler makes it of its one file, run in this process.</summary>
static class LessonProgram
{
    public static readonly string Folder = Path.Combine(Repository.Root, "lessons");

    static readonly CSharpParseOptions Parse = new(LanguageVersion.Preview);

    static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p))];

    // Those of every project with ImplicitUsings.
    static readonly SyntaxTree Usings = CSharpSyntaxTree.ParseText(string.Concat(new[]
    {
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading",
        "System.Threading.Tasks",
    }.Select(n => $"global using global::{n};\n")), Parse);

    public static string Solution(string name) => File.ReadAllText(Path.Combine(Folder, "solutions", name));

    public static string Lesson(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public static (int ExitCode, string Output) Run(string name, string source)
    {
        // The directives of a file-based program are no C#.
        string code = source.Replace("#:", "// ", StringComparison.Ordinal);
        SyntaxTree tree = CSharpSyntaxTree.ParseText(SourceText.From(code, System.Text.Encoding.UTF8), Parse,
            Path.Combine(Folder, name));
        CSharpCompilation compilation = CSharpCompilation.Create($"lesson{Guid.NewGuid():N}", [tree, Usings], References,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, optimizationLevel: OptimizationLevel.Release, allowUnsafe: true,
                nullableContextOptions: NullableContextOptions.Enable));
        MemoryStream assembly = new(), symbols = new();
        EmitResult result = compilation.Emit(assembly, symbols,
            options: new EmitOptions(debugInformationFormat: DebugInformationFormat.PortablePdb));
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));

        MethodInfo main = Assembly.Load(assembly.ToArray(), symbols.ToArray()).EntryPoint!;
        StringWriter output = new() { NewLine = "\n" };
        Lessons.Lesson.Output = output;
        object? exit = main.Invoke(null, main.GetParameters().Length == 0 ? [] : [Array.Empty<string>()]);
        return ((int)exit!, output.ToString());
    }
}
