using System.Reflection;
using Microsoft.CodeAnalysis;
using Sagan.Native.Lessons;

namespace Sagan.Native.Tests;

/// <summary>A lesson as the compiler makes it of its one file, run in this process.</summary>
static class LessonProgram
{
    public static readonly string Folder = Path.Combine(Repository.Root, "lessons");

    public static string Solution(string name) => File.ReadAllText(Path.Combine(Folder, "solutions", name));

    public static string Lesson(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public static (int ExitCode, string Output) Run(string name, string source)
    {
        (byte[] assembly, byte[] symbols) = CSharpProgram.Compile($"lesson{Guid.NewGuid():N}", OutputKind.ConsoleApplication,
            (Path.Combine(Folder, name), source));
        MethodInfo main = Assembly.Load(assembly, symbols).EntryPoint!;
        StringWriter output = new() { NewLine = "\n" };
        Lessons.Lesson.Output = output;
        object? exit = main.Invoke(null, main.GetParameters().Length == 0 ? [] : [Array.Empty<string>()]);
        return ((int)exit!, output.ToString());
    }
}
