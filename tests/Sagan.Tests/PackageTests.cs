using System.Text.RegularExpressions;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests;

/// <summary>
/// The packages as a user has them: packed from what is built, and installed from a folder where nothing of this checkout is known.
/// </summary>
public sealed partial class PackageTests
{
    static readonly string Dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    // .../bin/Release/net10.0/
    static readonly string Configuration = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)).Parent!.Name;

    [Fact]
    public void A_program_and_the_tool_train_from_packages_in_a_folder()
    {
        using TemporaryFolder folder = new();
        string packages = folder.File("packages");
        // What `dotnet pack` does in the checkout, but of these four alone, and from what is built.
        string projects = string.Join(';', new[] { "Kernels", "Tensor", "Sagan", "Cli" }.Select(project =>
            Path.Combine(Repository.Root, "src", project, $"{project}.csproj")));
        folder.Write("pack.proj", $"""
            <Project>
              <Target Name="Pack">
                <MSBuild Projects="{projects}" Targets="Pack"
                  Properties="Configuration={Configuration};NoBuild=true;_IsPacking=true;PackageOutputPath={packages}" />
              </Target>
            </Project>
            """);
        RunWith(folder, [], Dotnet, "msbuild", "pack.proj", "-t:Pack", "-v:q", "-nologo");
        string[] names =
        [
            .. Directory.EnumerateFiles(packages).Select(f => Version().Replace(Path.GetFileName(f), "")).Order(StringComparer.Ordinal),
        ];
        Assert.Equal(["Sagan.Native.Kernels.nupkg", "Sagan.Native.Kernels.snupkg", "Sagan.Native.Tensor.nupkg",
            "Sagan.Native.Tensor.snupkg", "Sagan.Native.nupkg", "Sagan.Native.snupkg", "sagan.nupkg", "sagan.snupkg"], names);

        // Packages of others come from where this machine has them already, ours from the folder alone.
        string theirs = RunWith(folder, [], Dotnet, "nuget", "locals", "global-packages", "--list").Output.Split(": ", 2)[1].Trim();
        folder.Write("nuget.config", $"""
            <configuration>
              <packageSources>
                <clear />
                <add key="ours" value="{packages}" />
                <add key="theirs" value="{theirs}" />
              </packageSources>
              <packageSourceMapping>
                <packageSource key="ours"><package pattern="Sagan.Native*" /><package pattern="sagan" /></packageSource>
                <packageSource key="theirs"><package pattern="*" /></packageSource>
              </packageSourceMapping>
            </configuration>
            """);
        ATrainingProgram(folder);
        TheTool(folder);
    }

    static void ATrainingProgram(TemporaryFolder folder)
    {
        string readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        string program = Regex.Match(readme, "## Training in your own program.*?```csharp\n(.*?)```", RegexOptions.Singleline)
            .Groups[1].Value;
        folder.Write("first/first.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
            </Project>
            """);
        folder.Write("first/Program.cs",
            program.Replace("\"training.steps=2000\"", "\"training.steps=10\", \"training.batch=4\"", StringComparison.Ordinal));
        for (int i = 0; i < 40; i++) ImageFile.Save(folder.File($"PHOTOS/{i}.png"), Creature.FromSeed(3, i).Draw(32));
        Run(folder, Dotnet, "add", "first/first.csproj", "package", "Sagan.Native");
        string output = Run(folder, Dotnet, "run", "-c", "Release", "--project", "first").Output;
        Assert.Matches(@"(?m)^training [\d,]+ \+ [\d,]+ parameters on 40 images, steps 0 to 10, into runs", output);
        Assert.Matches("(?m)^step 10/10 d=", output);
        Assert.Matches("(?m)^finished at step 10", output);
        Assert.True(TestData.Load(folder.File("four.png")).Width >= 4 * 32);
        // A library user gets no command line.
        Assert.Empty(Directory.EnumerateFiles(folder.File("first"), "System.CommandLine.dll", SearchOption.AllDirectories));
    }

    static void TheTool(TemporaryFolder folder)
    {
        Run(folder, Dotnet, "tool", "install", "sagan", "--tool-path", folder.File("tools"), "--configfile", folder.File("nuget.config"));
        string sagan = folder.File(OperatingSystem.IsWindows() ? "tools/sagan.exe" : "tools/sagan");
        ChildProcess run = Run(folder, sagan, "train", "--steps", "20", "--out", "run", "--batch", "8", "--size", "16", "--conv-dim", "8",
            "--g-attention", "8", "--d-attention", "4");
        Assert.Matches("(?m)^step 20/20 d=", run.All);
        Assert.True(Directory.Exists(folder.File("run/checkpoints/step-0000020")), run.All);
    }

    /// <summary>With a cache of its own, empty at first: what is installed is what was packed.</summary>
    static ChildProcess Run(TemporaryFolder folder, string program, params string[] arguments) =>
        RunWith(folder, new() { ["NUGET_PACKAGES"] = folder.File("cache") }, program, arguments);

    static ChildProcess RunWith(TemporaryFolder folder, Dictionary<string, string?> environment, string program, params string[] arguments)
    {
        ChildProcess child = ChildProcess.Run(program, arguments, folder.Path, environment);
        Assert.True(child.ExitCode == 0, $"{string.Join(' ', arguments)}\n{child.All}");
        return child;
    }

    [GeneratedRegex(@"\.\d+\.\d+\.\d+[^/]*(?=\.s?nupkg$)")]
    private static partial Regex Version();
}
