namespace Sagan.Native.Tests;

/// <summary>Finds the checkout that the tests were built from.</summary>
static class Repository
{
    public static string Root { get; } = Find();

    static string Find()
    {
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d != null; d = d.Parent)
            if (File.Exists(Path.Combine(d.FullName, "Sagan.Native.sln"))) return d.FullName;
        throw new DirectoryNotFoundException($"no Sagan.Native.sln above {AppContext.BaseDirectory}: run the tests from a checkout.");
    }
}
