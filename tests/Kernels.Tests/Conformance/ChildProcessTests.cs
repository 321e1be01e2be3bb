using System.Globalization;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Tests.Conformance;

/// <summary>The table in child processes: see <see cref="Program"/>.</summary>
public sealed class ChildProcessTests
{
    [Fact]
    public void Conforms_without_avx512()
    {
        Assert.SkipUnless(Vector512.IsHardwareAccelerated, "this machine has no AVX-512, so that every other test runs without it.");
        RunTable("conformance", Program.Widths(false, true, true), "DOTNET_EnableAVX512");
    }

    [Fact]
    public void Conforms_without_avx()
    {
        Assert.SkipUnless(Vector256.IsHardwareAccelerated, "this machine has no AVX2, so that every other test runs without it.");
        RunTable("conformance", Program.Widths(false, false, true), "DOTNET_EnableAVX2");
    }

    [Fact]
    public void Conforms_without_any_hardware_intrinsics() =>
        RunTable("conformance", Program.Widths(false, false, false), "DOTNET_EnableHWIntrinsic");

    [Fact]
    public void Stays_inside_its_storages()
    {
        Assert.SkipUnless(GuardedMemory.IsSupported, "guard pages are made with Linux's mmap.");
        RunTable("guards", Program.Widths(Vector512.IsHardwareAccelerated, Vector256.IsHardwareAccelerated,
            Vector128.IsHardwareAccelerated), null);
    }

    // Runs the table in a child process with a runtime switch turned off and checks that it was off, that cases ran, and that all passed.
    static void RunTable(string checks, string widths, string? switchedOff)
    {
        ChildProcess child = ChildProcess.Run(DotnetHost(), ["exec", typeof(Program).Assembly.Location, checks],
            environment: switchedOff == null ? null : new Dictionary<string, string?> { [switchedOff] = "0" });
        string[] lines = child.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string report = $"exit code {child.ExitCode}, last lines: {string.Join("\n", lines.TakeLast(3))}\n{child.Error}";
        Assert.True(child.ExitCode == 0, report);
        Assert.Equal(widths, lines[0]);
        int passed = int.Parse(lines[^1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.True(passed > 0 && lines[^1] == $"{passed} cases passed" && lines.Length == passed + 2, report);
    }

    // The tests run inside dotnet, except where a platform starts its own host.
    static string DotnetHost() =>
        Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } host ? host
        : Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";
}
