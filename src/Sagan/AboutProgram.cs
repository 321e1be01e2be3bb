using System.Reflection;
using System.Runtime.InteropServices;

namespace Sagan.Native;

/// <summary>Which program this is.</summary>
static class AboutProgram
{
    /// <summary>For example <c>sagan 0.1.0+ab12cd34 (.NET 10.0.1, linux-x64)</c>: version, commit, runtime.</summary>
    public static string Version { get; } = string.Concat(
        "sagan ",
        typeof(AboutProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
        $" ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})");
}
