namespace Sagan.Native.Tests;

/// <summary>Finds the checkout that the tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    /// <summary>README.md and what it leads to, by their paths from there.</summary>
    public static IReadOnlyList<string> Documents { get; } =
    [
        "README.md", "CONTRIBUTING.md", "examples/README.md",
        .. Directory.GetFiles(Path.Combine(Root, "docs"), "*.md").Select(p => $"docs/{Path.GetFileName(p)}").Order(StringComparer.Ordinal),
    ];

    static string Find()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d != null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "Sagan.Native.sln"))) return d.FullName;
        throw new DirectoryNotFoundException($"no Sagan.Native.sln above {AppContext.BaseDirectory}: run the tests from a checkout.");
    }
}
