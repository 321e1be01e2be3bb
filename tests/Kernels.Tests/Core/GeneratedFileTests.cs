using Sagan.Native.Generation;

namespace Sagan.Native.Tests;

/// <summary>What a program has written is what it writes today.</summary>
[Quick]
public sealed class GeneratedFileTests
{
    public static TheoryData<string> Files => [.. GeneratedFiles.All.Select(f => f.Path)];

    [Theory, MemberData(nameof(Files))]
    public void Is_fresh(string path) => Assert.True(
        File.ReadAllText(Path.Combine(Repository.Root, path)) == GeneratedFiles.All.Single(f => f.Path == path).Text,
        $"{path} is not what eng/Generate writes: dotnet run --project eng/Generate");

    [Fact]
    public void All_generated_files_are_known() => Assert.Equal(
        GeneratedFiles.All.Select(f => Path.GetFileName(f.Path)).Order(),
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.Generated.cs",
        SearchOption.AllDirectories).Select(Path.GetFileName).Order());
}
