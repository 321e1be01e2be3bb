using System.Reflection;

namespace Sagan.Native;

/// <summary>
/// Commands of this program that a user can paste into the shell: begun as the program was started (<c>sagan</c> where that is on the PATH,
/// <c>dotnet run ... --</c> after a <c>dotnet run</c>, else by its path), and quoted where the shell would take an argument apart.
/// </summary>
static class ShellCommand
{
    const string Name = "sagan";

    /// <summary>What a command begins with.</summary>
    public static string Program { get; } = FindProgram();

    /// <summary>A command with these arguments.</summary>
    public static string Of(params IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Quote).Prepend(Program));

    /// <summary>An argument as the shell of this system takes it for one word.</summary>
    public static string Quote(string argument) => OperatingSystem.IsWindows() ? QuoteWindows(argument) : QuotePosix(argument);

    /// <summary>Single quotes, in which nothing is special; one in the text is closed, escaped and opened again.</summary>
    internal static string QuotePosix(string s) =>
        s.Length > 0 && s.All(IsPlain) ? s : $"'{s.Replace("'", @"'\''", StringComparison.Ordinal)}'";

    /// <summary>
    /// Double quotes, which cmd and PowerShell share; $ and `, which PowerShell reads inside them, take its single quotes.
    /// </summary>
    internal static string QuoteWindows(string s)
    {
        if (s.Length > 0 && s.All(c => IsPlain(c) || c == '\\')) return s;
        if (s.AsSpan().ContainsAny("$`\"")) return $"'{s.Replace("'", "''", StringComparison.Ordinal)}'";
        // A backslash before the closing quote would escape it.
        return s.EndsWith('\\') ? $"\"{s}\\\"" : $"\"{s}\"";
    }

    static bool IsPlain(char c) => char.IsLetterOrDigit(c) || "-_./:,+=@%".Contains(c);

    static string FindProgram()
    {
        // In another program (a test, a program that uses the library) the name is all that can be said.
        if (Assembly.GetEntryAssembly()?.GetName().Name != Name) return Name;
        string[] arguments = [.. Environment.GetCommandLineArgs().Skip(1)];
        if (FromDotnetRun(ParentCommand(), arguments) is { } run) return run;
        string folder = AppContext.BaseDirectory, process = Environment.ProcessPath ?? Name;
        bool ownHost = Path.GetFileNameWithoutExtension(process) == Name;
        if (ownHost && IsOnPath(process)) return Name;
        string full = ownHost ? process : Path.Combine(folder, $"{Name}.dll");
        // Where the parent cannot be looked at: what lies in the folder of a build was most likely started by dotnet run, which works in
        // any case.
        if (ownHost && !OperatingSystem.IsLinux() && ProjectOf(folder) is { } project) return project;
        return ownHost ? Quote(full) : $"dotnet {Quote(full)}";
    }

    /// <summary>
    /// The part of a parent's command line, <c>dotnet run ... --</c>, that lies before this program's arguments; null for another parent.
    /// </summary>
    internal static string? FromDotnetRun(string[]? parent, string[] arguments)
    {
        if (parent is not [var program, "run", ..] || Path.GetFileNameWithoutExtension(program) != "dotnet") return null;
        int own = parent.Length - arguments.Length;
        if (own < 2 || !parent.AsSpan(own).SequenceEqual(arguments)) return null;
        IEnumerable<string> before = parent.Take(own).Where(a => a != "--").Select(Quote);
        return $"{string.Join(' ', before)} --";
    }

    static string[]? ParentCommand()
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            // pid (name) state parent ...: the name may hold blanks and parentheses.
            string stat = File.ReadAllText("/proc/self/stat");
            string parent = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1];
            return File.ReadAllText($"/proc/{parent}/cmdline").TrimEnd('\0').Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or IndexOutOfRangeException)
        {
            return null;
        }
    }

    // .../Cli/bin/Release/net10.0/ beside .../Cli/Cli.csproj.
    static string? ProjectOf(string folder)
    {
        DirectoryInfo? configuration = new DirectoryInfo(Path.TrimEndingDirectorySeparator(folder)).Parent;
        DirectoryInfo? project = configuration?.Parent?.Parent;
        if (project == null || !File.Exists(Path.Combine(project.FullName, "Cli.csproj"))) return null;
        return $"dotnet run -c {configuration!.Name} --project {Quote(Path.GetRelativePath(".", project.FullName))} --";
    }

    static bool IsOnPath(string process)
    {
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders.Select(f => Path.GetFullPath(Path.Combine(f, Path.GetFileName(process))))
            .Any(found => found == process || LinkTarget(found) == process);
    }

    static string? LinkTarget(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
