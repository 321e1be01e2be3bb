using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Sagan.Native.Tests;

/// <summary>
/// Child builds of two tiny projects that use eng/OptionalPackages.targets with a stand-in package from a folder source. They have an empty package cache and
/// no other source, so that neither the network nor this machine's cache can help.
/// </summary>
public sealed class OptionalPackageTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public OptionalPackageTests()
    {
        Directory.CreateDirectory(folder.File("feed"));
        folder.Write("NuGet.config", "<configuration><packageSources><clear /><add key=\"local\" value=\"feed\" /></packageSources></configuration>");
        folder.Write("Directory.Build.props", "<Project />");
        folder.Write("Directory.Build.targets", $"""
            <Project>
              <PropertyGroup><OptionalPackagesRoot>$(MSBuildThisFileDirectory)</OptionalPackagesRoot></PropertyGroup>
              <Import Project="{Path.Combine(Repository.Root, "eng", "OptionalPackages.targets")}" />
            </Project>
            """);
        folder.Write("Directory.Packages.props", """
            <Project>
              <PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>
              <ItemGroup>
                <PackageVersion Include="Example.StandIn" Version="1.2.3" />
                <PackageVersion Include="Example.StandIn.More" Version="1.2.3" />
                <PackageVersion Include="Example.Unused" Version="9.9.9" />
              </ItemGroup>
            </Project>
            """);
        string project = """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <UseAppHost>false</UseAppHost>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <OutputType>KIND</OutputType>
              </PropertyGroup>
              <ItemGroup>
                <OptionalPackage Include="Example.StandIn;Example.StandIn.More" Group="StandIn" With="$(WithStandIn)" />
                <Compile Remove="StandIn*.cs" Condition="'$(PkgExample_StandIn)' == ''" />
                REFERENCE
              </ItemGroup>
            </Project>
            """;
        string user = """
            static partial class Seam
            {
                static partial void Add(ref string s) => s += typeof(Xunit.Abstractions.ITest).Assembly.GetName().Name;
            }
            """;
        folder.Write("lib/Lib.csproj", project.Replace("KIND", "Library").Replace("REFERENCE", ""));
        folder.Write("lib/StandInUser.cs", user);
        folder.Write("lib/Seam.cs", "static partial class Seam { static partial void Add(ref string s); }");
        folder.Write("app/App.csproj", project.Replace("KIND", "Exe").Replace("REFERENCE", "<ProjectReference Include=\"../lib/Lib.csproj\" />"));
        folder.Write("app/StandInUser.cs", user);
        folder.Write("app/Program.cs", "string s = \"uses: \"; Seam.Show(ref s); System.Console.WriteLine(s);");
        folder.Write("app/Seam.cs", """
            static partial class Seam
            {
                static partial void Add(ref string s);
                public static void Show(ref string s) => Add(ref s);
            }
            """);
    }

    /// <summary>Both packages of the group; their one assembly is a small one that lies beside the tests.</summary>
    void AddStandInsToFeed(string version = "1.2.3")
    {
        AddToFeed("Example.StandIn", version, "xunit.abstractions.dll");
        AddToFeed("Example.StandIn.More", version, "Validation.dll");
    }

    void AddToFeed(string id, string version, string assembly)
    {
        using ZipArchive zip = ZipFile.Open(folder.File($"feed/{id}.{version}.nupkg"), ZipArchiveMode.Create);
        using (StreamWriter nuspec = new(zip.CreateEntry($"{id}.nuspec").Open()))
            nuspec.Write($"""
                <?xml version="1.0"?>
                <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
                  <id>{id}</id><version>{version}</version><authors>a</authors><description>d</description>
                  <dependencies><group targetFramework="net10.0" /></dependencies>
                </metadata></package>
                """);
        zip.CreateEntryFromFile(Path.Combine(AppContext.BaseDirectory, assembly), $"lib/net10.0/{assembly}");
    }

    ChildProcess DotNet(params string[] arguments) => ChildProcess.Run("dotnet", arguments, folder.File("app"), new Dictionary<string, string?>
    {
        ["NUGET_PACKAGES"] = folder.File("packages"),
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["DOTNET_CLI_UI_LANGUAGE"] = "en",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_NOLOGO"] = "1",
    });

    string[] Answers() => Directory.Exists(folder.File("obj/optional-packages"))
        ? [.. Directory.GetFileSystemEntries(folder.File("obj/optional-packages")).Select(p => Path.GetFileName(p))]
        : [];

    const string Uses = "uses: xunit.abstractions", UsesNothing = "uses: ";

    [Fact]
    public void A_package_the_source_has_is_referenced_and_its_files_are_compiled()
    {
        AddStandInsToFeed();
        ChildProcess run = DotNet("run");
        Assert.True(run.ExitCode == 0, run.All);
        Assert.EndsWith(Uses, run.Output.TrimEnd('\n', '\r'));
        Assert.Matches(@"^StandIn-[0-9a-f]{16}\.present$", Assert.Single(Answers()));

        ChildProcess without = DotNet("run", "-p:WithStandIn=false");
        Assert.True(without.ExitCode == 0, without.All);
        Assert.EndsWith(UsesNothing, without.Output.TrimEnd('\n', '\r'));
    }

    [Fact]
    public void A_package_the_source_lacks_is_done_without_and_is_asked_for_once()
    {
        ChildProcess build = DotNet("build", "-m:2", "-v:m");
        Assert.True(build.ExitCode == 0, build.All);
        Assert.Single(Regex.Matches(build.Output, "Example.StandIn, Example.StandIn.More 1.2.3 does not restore"));
        Assert.Matches(@"^StandIn-[0-9a-f]{16}\.absent-\d{4}-\d\d-\d\d$", Assert.Single(Answers()));

        // The answer is remembered.
        ChildProcess run = DotNet("run");
        Assert.True(run.ExitCode == 0, run.All);
        Assert.Equal(UsesNothing, run.Output.TrimEnd('\n', '\r'));

        // Told to use it, NuGet says what is missing.
        ChildProcess with = DotNet("restore", "-p:WithStandIn=true");
        Assert.NotEqual(0, with.ExitCode);
        Assert.Contains("NU1101", with.All);
        Assert.Contains("Example.StandIn", with.All);
    }

    [Fact]
    public void A_group_with_one_package_missing_is_absent()
    {
        AddToFeed("Example.StandIn", "1.2.3", "xunit.abstractions.dll");
        ChildProcess restore = DotNet("restore");
        Assert.True(restore.ExitCode == 0, restore.All);
        Assert.Contains(".absent-", Assert.Single(Answers()));
    }

    [Fact]
    public void Another_version_counts_as_absent_and_a_changed_configuration_is_asked_again()
    {
        AddStandInsToFeed("1.3.0");
        ChildProcess restore = DotNet("restore");
        Assert.True(restore.ExitCode == 0, restore.All);
        string first = Assert.Single(Answers());
        Assert.Contains(".absent-", first);

        AddStandInsToFeed();
        Assert.True(DotNet("restore").ExitCode == 0);
        Assert.Equal(first, Assert.Single(Answers()));

        File.AppendAllText(folder.File("NuGet.config"), "<!-- changed -->");
        restore = DotNet("restore");
        Assert.True(restore.ExitCode == 0, restore.All);
        Assert.Contains(Answers(), a => a.EndsWith(".present", StringComparison.Ordinal));
    }
}
