using System.Diagnostics;

namespace Sagan.Native.Tests;

public sealed class ShellCommandTests
{
    [Theory]
    [InlineData("runs/a-b_1.2", "runs/a-b_1.2")]
    [InlineData("my run", "'my run'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("", "''")]
    [InlineData("$HOME;`x`", "'$HOME;`x`'")]
    [InlineData("~/x", "'~/x'")]
    [InlineData("größe", "größe")]
    public void Posix_words(string argument, string quoted) => Assert.Equal(quoted, ShellCommand.QuotePosix(argument));

    [Theory]
    [InlineData(@"C:\runs\a", @"C:\runs\a")]
    [InlineData(@"C:\my runs\a", @"""C:\my runs\a""")]
    [InlineData(@"C:\my runs\", @"""C:\my runs\\""")]
    [InlineData("it's", @"""it's""")]
    [InlineData("a$b c", "'a$b c'")]
    public void Windows_words(string argument, string quoted) => Assert.Equal(quoted, ShellCommand.QuoteWindows(argument));

    // The shell itself takes what is printed for one word.
    [Fact]
    public void The_shell_reads_back_what_was_quoted()
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs a POSIX shell");
        string[] words = ["plain", "two words", "it's \"so\"", "$HOME `date` \\ ! *", "a\nb", ""];
        ProcessStartInfo start =
            ChildProcess.Describe("/bin/sh", ["-c", $"printf '%s|' {string.Join(' ', words.Select(ShellCommand.QuotePosix))}"]);
        using Process p = Process.Start(start)!;
        Assert.Equal(string.Concat(words.Select(w => w + "|")), p.StandardOutput.ReadToEnd());
    }

    [Fact]
    public void After_dotnet_run_commands_begin_with_it()
    {
        Assert.Equal("dotnet run -c Release --project 'my src/Sagan' --",
            ShellCommand.FromDotnetRun(["dotnet", "run", "-c", "Release", "--project", "my src/Sagan", "--", "train", "--steps", "3"],
                ["train", "--steps", "3"]));
        Assert.Equal("/usr/bin/dotnet run --", ShellCommand.FromDotnetRun(["/usr/bin/dotnet", "run", "train"], ["train"]));
        Assert.Null(ShellCommand.FromDotnetRun(["/bin/bash"], ["train"]));
        Assert.Null(ShellCommand.FromDotnetRun(["dotnet", "test"], []));
        Assert.Null(ShellCommand.FromDotnetRun(null, ["train"]));
    }
}
