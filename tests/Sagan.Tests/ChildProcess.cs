using System.Diagnostics;

namespace Sagan.Native.Tests;

/// <summary>Runs a program to its end with all streams redirected.</summary>
sealed record ChildProcess(int ExitCode, string Output, string Error)
{
    public string All => Output + Error;

    /// <summary>
    /// Runs it; variables with a null value are removed. A child that runs longer than the limit is killed and fails the test.
    /// </summary>
    public static ChildProcess Run(string program, IEnumerable<string> arguments, string? folder = null,
        IReadOnlyDictionary<string, string?>? environment = null, int limitSeconds = 120)
    {
        ProcessStartInfo start = Describe(program, arguments, folder, environment);
        using Process p = Process.Start(start)!;
        p.StandardInput.Close();
        Task<string> output = p.StandardOutput.ReadToEndAsync(), error = p.StandardError.ReadToEndAsync();
        if (!p.WaitForExit(TimeSpan.FromSeconds(limitSeconds)))
        {
            p.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} ran longer than {limitSeconds} "
                + $"s.\n{output.Result}\n{error.Result}");
        }
        return new ChildProcess(p.ExitCode, output.Result, error.Result);
    }

    public static ProcessStartInfo Describe(string program, IEnumerable<string> arguments, string? folder = null,
        IReadOnlyDictionary<string, string?>? environment = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        foreach ((string name, string? value) in environment ?? new Dictionary<string, string?>())
            if (value == null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        return start;
    }
}
