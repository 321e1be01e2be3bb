using System.Globalization;
using System.Runtime.Intrinsics;
using Sagan.Native.Kernels;
using Xunit.MicrosoftTestingPlatform;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// The entry point of this assembly: the runner of its tests, and the table in a process of its own, started by
/// <see cref="ChildProcessTests"/> with
/// <c>dotnet exec</c>: for runtime settings that a process reads once at its start, and for checks that end the process when they fail.
/// First prints which vector widths the hardware accelerates, then each case before it runs, at last how many passed.
/// </summary>
static class Program
{
    static Task<int> Main(string[] args) =>
        args is ["conformance" or "guards"] ? Task.FromResult(Run(args[0]))
        : TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);

    static int Run(string checksOf)
    {
        Console.Out.WriteLine(Widths(Vector512.IsHardwareAccelerated, Vector256.IsHardwareAccelerated, Vector128.IsHardwareAccelerated));
        int passed = 0, failed = 0;
        foreach (KernelCase c in KernelCases.All.Where(c => Contract.Offers(Device.Cpu, c)))
        {
            Console.Out.WriteLine(c.Name);
            try
            {
                if (!GuardedMemory.IsSupported) Contract.AgreesWithDefinition(c, Device.Cpu);
                else if (Contract.StaysInsideItsStorages(c, Device.Cpu) is var result && checksOf != "guards")
                    Contract.AgreesWithDefinition(c, Device.Cpu, result);
                passed++;
            }
#pragma warning disable CA1031 // A failure of any kind is counted and printed; the other cases run.
            catch (Exception e)
            {
                failed++;
                Console.Error.WriteLine(e is Xunit.Sdk.XunitException ? e.Message : e.ToString());
            }
#pragma warning restore CA1031
        }
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passed} cases passed"));
        return failed == 0 ? 0 : 1;
    }

    public static string Widths(bool has512, bool has256, bool has128) => $"accelerated: 512 {has512}, 256 {has256}, 128 {has128}";
}
