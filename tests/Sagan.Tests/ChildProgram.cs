using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data;
using Sagan.Native.Training.Checkpoints;
using Xunit.MicrosoftTestingPlatform;

namespace Sagan.Native.Tests;

/// <summary>What this assembly does when it is run as a program: the child processes of tests that send signals or kill.</summary>
static partial class ChildProgram
{
    static Task<int> Main(string[] arguments)
    {
        // As in the command: other tests load OpenCL.
        ShutdownSignal.ComeFirst();
        return arguments switch
        {
            ["signal-loop", string folder] => Task.FromResult(SignalLoop(folder)),
            ["save-loop", string folder] => Task.FromResult(SaveLoop(folder)),
            ["run", string assembly, .. string[] rest] => Task.FromResult(Run(assembly, rest)),
            _ => TestPlatformTestFramework.RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        };
    }

    /// <summary>How to start a child program.</summary>
    public static ProcessStartInfo Describe(params string[] arguments) =>
        ChildProcess.Describe("dotnet", ["exec", typeof(ChildProgram).Assembly.Location, .. arguments]);

    /// <summary>kill(2).</summary>
    public static void Send(Process process, int signal)
    {
        if (Kill(process.Id, signal) != 0)
            throw new InvalidOperationException($"kill {process.Id} {signal}: errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);

    /// <summary>A program that <see cref="CSharpProgram"/> compiled, with the libraries that the tests have.</summary>
    static int Run(string assembly, string[] arguments) =>
        (int?)Assembly.LoadFrom(assembly).EntryPoint!.Invoke(null, [arguments]) ?? 0;

    /// <summary>A training loop of 30-millisecond steps that saves at the end, and never ends by itself. With the file "stuck" in the
    /// folder it ignores the request.</summary>
    static int SignalLoop(string folder)
    {
        using ShutdownSignal signal = new(Console.Error.WriteLine);
        Console.Out.WriteLine("ready");
        for (int step = 1; ; step++)
        {
            signal.Step = step;
            Thread.Sleep(30);
            if (!signal.Token.IsCancellationRequested || File.Exists(Path.Combine(folder, "stuck"))) continue;
            File.WriteAllText(Path.Combine(folder, "saved"), $"{step}");
            return (int)signal.ExitCode;
        }
    }

    /// <summary>
    /// Saves one checkpoint after the other, from the newest on, until it is killed. Every third save replaces the newest.
    /// </summary>
    static int SaveLoop(string folder)
    {
        CheckpointStore store = CheckpointStore.ForWriting(folder, keep: 2);
        long step = store.FindNewest(out _)?.Step ?? 0;
        Console.Out.WriteLine("ready");
        for (int i = 1; ; i++)
        {
            if (i % 3 != 0) step++;
            store.Save(step, CheckpointContent.Files(step), new JsonObject { ["position"] = step });
            Console.Out.WriteLine($"saved {step}");
        }
    }
}

/// <summary>Small files whose every byte follows from the step.</summary>
static class CheckpointContent
{
    static readonly (string Name, int Length)[] All = [("model.safetensors", 20_000), ("ema.safetensors", 5_000),
        ("optim.safetensors", 40_000), ("empty", 0)];

    public static Dictionary<string, Action<Stream>> Files(long step) => All.ToDictionary(f => f.Name, f => (Action<Stream>)(s =>
    {
        byte[] bytes = Bytes(step, f.Length);
        // In pieces, so that a kill can come between them.
        for (int at = 0; at < bytes.Length; at += 4096) s.Write(bytes.AsSpan(at, Math.Min(4096, bytes.Length - at)));
    }));

    public static void AssertIn(Checkpoint c)
    {
        Assert.Equal(c.Step, (long)c.State["position"]!);
        foreach ((string name, int length) in All) Assert.Equal(Bytes(c.Step, length), File.ReadAllBytes(c.File(name)));
    }

    static byte[] Bytes(long step, int length)
    {
        byte[] bytes = new byte[length];
        new Random((int)step).NextBytes(bytes);
        return bytes;
    }
}
