using System.Diagnostics;
using System.Runtime.InteropServices;
using Sagan.Native.Cli;

namespace Sagan.Native.Tests;

/// <summary>What this assembly does when it is run as a program: the child processes of tests that send signals or kill.</summary>
static partial class ChildProgram
{
    static int Main(string[] arguments) => arguments switch
    {
        ["signal-loop", string folder] => SignalLoop(folder),
        _ => throw new ArgumentException($"unknown child program: {string.Join(' ', arguments)}."),
    };

    /// <summary>How to start a child program.</summary>
    public static ProcessStartInfo Describe(params string[] arguments) =>
        ChildProcess.Describe("dotnet", ["exec", typeof(ChildProgram).Assembly.Location, .. arguments]);

    /// <summary>kill(2).</summary>
    public static void Send(Process process, int signal)
    {
        if (Kill(process.Id, signal) != 0) throw new InvalidOperationException($"kill {process.Id} {signal}: errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    /// <summary>A training loop of 30-millisecond steps that saves at the end, and never ends by itself. With the file "stuck" in the folder it ignores the request.</summary>
    static int SignalLoop(string folder)
    {
        using ShutdownSignal signal = new(Console.Error.WriteLine);
        Console.Out.WriteLine("ready");
        for (int step = 1; ; step++)
        {
            signal.Step = step;
            Thread.Sleep(30);
            if (!signal.Requested || File.Exists(Path.Combine(folder, "stuck"))) continue;
            File.WriteAllText(Path.Combine(folder, "saved"), $"{step}");
            return (int)signal.ExitCode;
        }
    }
}
