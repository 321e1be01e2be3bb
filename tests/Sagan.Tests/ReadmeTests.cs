using System.Globalization;
using System.Text.RegularExpressions;

namespace Sagan.Native.Tests;

/// <summary>What the README shows is run as it stands there; the program that trains, in <see cref="PackageTests"/>.</summary>
public sealed class ReadmeTests
{
    static readonly string Readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

    [Fact]
    public void The_fifteen_lines_learn_xor_in_a_project_of_their_own()
    {
        using TemporaryFolder folder = new();
        string program = Regex.Match(Readme, "## Fifteen lines.*?```csharp\n(.*?)```", RegexOptions.Singleline).Groups[1].Value;
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
        folder.Write("Program.cs", program);
        Run("add", "first.csproj", "reference", Path.Combine(Repository.Root, "src", "Tensor", "Tensor.csproj"));
        // The checkout is built already, and these tests are running from it.
        ChildProcess run = Run("run", "-c", "Release", "--project", "first.csproj", "-p:BuildProjectReferences=false");
        float[] y = [.. Regex.Matches(run.Output, @"\[ *(-?[\d.E+-]+)\]")
            .Select(m => float.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.Equal(4, y.Length);
        float[] xor = [0, 1, 1, 0];
        for (int i = 0; i < y.Length; i++) Assert.Equal(xor[i], y[i], 1e-3f);

        ChildProcess Run(params string[] arguments)
        {
            ChildProcess child =
                ChildProcess.Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments, folder.Path);
            Assert.True(child.ExitCode == 0, child.All);
            return child;
        }
    }
}
