using System.Globalization;
using System.Text.RegularExpressions;
using Sagan.Native.Data;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Tests;

/// <summary>What the README shows is run as it stands there.</summary>
public sealed class ReadmeTests
{
    static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    [Fact]
    public void The_fifteen_lines_learn_xor_in_a_project_of_their_own()
    {
        using TemporaryFolder folder = new();
        ChildProcess run = RunBlock(folder, "Fifteen lines", "Tensor", program => program);
        float[] y = [.. Regex.Matches(run.Output, @"\[ *(-?[\d.E+-]+)\]")
            .Select(m => float.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(4, y.Length);
        float[] xor = [0, 1, 1, 0];
        for (int i = 0; i < y.Length; i++) Assert.Equal(xor[i], y[i], 1e-3f);
    }

    [Fact]
    public void The_program_that_trains_does_so_on_a_folder_of_pictures()
    {
        using TemporaryFolder folder = new();
        for (int i = 0; i < 40; i++) ImageFile.Save(folder.File($"PHOTOS/{i}.png"), Creature.FromSeed(3, i).Draw(32));
        ChildProcess run = RunBlock(folder, "Training in your own program", "Sagan",
            program => program.Replace("training.steps=2000", "training.steps=10", StringComparison.Ordinal));
        Assert.Matches(@"(?m)^training [\d,]+ \+ [\d,]+ parameters on 40 images, steps 0 to 10, into runs", run.Output);
        Assert.Matches("(?m)^step 10/10 d=", run.Output);
        Assert.Matches("(?m)^finished at step 10", run.Output);
        Assert.True(TestData.Load(folder.File("four.png")).Width >= 4 * 32);
    }

    static ChildProcess RunBlock(TemporaryFolder folder, string heading, string project, Func<string, string> change)
    {
        string program = Regex.Match(Readme, $"## {heading}.*?```csharp\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
        folder.Write("first.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
            </Project>
            """);
        folder.Write("Program.cs", change(program));
        Run("add", "first.csproj", "reference", Path.Combine(Repository.Root, "src", project, $"{project}.csproj"));
        // The checkout is built already, and these tests are running from it.
        return Run("run", "-c", "Release", "--project", "first.csproj", "-p:BuildProjectReferences=false");

        ChildProcess Run(params string[] arguments)
        {
            ChildProcess child =
                ChildProcess.Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments, folder.Path);
            Assert.True(child.ExitCode == 0, child.All);
            return child;
        }
    }

    [Fact]
    public void Links_lead_somewhere()
    {
        List<string> dead = [];
        foreach (string file in Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "benchmarks"), "*.md", SearchOption.AllDirectories)))
            foreach (Match link in Regex.Matches(File.ReadAllText(file), @"\]\(([^)\s#]+)(#[^)]*)?\)"))
            {
                string target = link.Groups[1].Value;
                if (target.Contains("://", StringComparison.Ordinal)) continue;
                string path = Path.Combine(Path.GetDirectoryName(file)!, target);
                if (!File.Exists(path) && !Directory.Exists(path)) dead.Add($"{Path.GetRelativePath(Repository.Root, file)}: {target}");
            }
        Assert.Empty(dead);
    }
}
