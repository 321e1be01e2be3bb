using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sagan.Native.Tests;

/// <summary>
/// PoCL without LLVM's optimisations, which take two thirds of the time of compiling: for tests that run each kernel a few times, where
/// what matters is what kernels compute, not PoCL's optimiser. Training steps are computed with them. A value from outside stands:
/// <c>POCL_EXTRA_BUILD_FLAGS=-w</c> tests what is optimised.
/// </summary>
static class UnoptimizedOpenCl
{
    [ModuleInitializer]
    internal static void Set()
    {
        if (OperatingSystem.IsLinux()) _ = SetEnvironment("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable", overwrite: 0);
    }

    // The environment that libraries see; .NET has a copy.
    [DllImport("libc", EntryPoint = "setenv", CharSet = CharSet.Ansi), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int SetEnvironment(string name, string value, int overwrite);
}
