using Sagan.Native.Commands;

namespace Sagan.Native.Tests;

/// <summary>What a shell offers when the user presses the tabulator.</summary>
public sealed class CompletionTests
{
    static readonly string SaganDll = typeof(SaganCommandLine).Assembly.Location;

    [Theory]
    [InlineData("sagan tra", "train")]
    [InlineData("sagan data ", "check pack")]
    [InlineData("sagan train --bat", "--batch")]
    [InlineData("sagan train --preset sagan", "sagan128 sagan64")]
    [InlineData("sagan train --preset sagan64 --loss wgan", "wgan-gp wgan-gp-two-step wgan-lp")]
    [InlineData("sagan train --set training.max", "training.maxTime=")]
    [InlineData("sagan completion ", "bash pwsh zsh")]
    public void Bash_completes(string line, string expected)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "needs bash");
        using TemporaryFolder folder = new();
        string program = folder.Write("sagan", $"#!/bin/bash\nexec dotnet exec '{SaganDll}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string script = $$"""
            PATH="{{folder.Path}}:$PATH"
            source <(sagan completion bash)
            COMP_LINE='{{line}}'
            COMP_POINT=${#COMP_LINE}
            read -r -a COMP_WORDS <<< "$COMP_LINE"
            [[ "$COMP_LINE" == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _sagan_completion
            printf '%s\n' "${COMPREPLY[@]}"
            complete -p sagan
            """;
        ChildProcess p = ChildProcess.Run("/bin/bash", ["-c", script], folder.Path);
        string[] lines = p.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length > 0 && lines[^1].Contains("_sagan_completion", StringComparison.Ordinal), p.All);
        Assert.Equal(expected.Split(' '), lines[..^1].Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _sagan_completion sagan")]
    [InlineData("zsh", "compdef _sagan_completion sagan")]
    [InlineData("pwsh", "Register-ArgumentCompleter -Native -CommandName sagan")]
    public void Each_shell_has_its_script(string shell, string text)
    {
        using StringWriter output = new();
        Assert.Equal(0, SaganCommandLine.Run(["completion", shell], output, TextWriter.Null));
        Assert.Contains(text, output.ToString(), StringComparison.Ordinal);
        Assert.Contains("[suggest:", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_script_for_zsh_is_sound()
    {
        Assert.SkipUnless(File.Exists("/bin/zsh") || File.Exists("/usr/bin/zsh"), "needs zsh");
        using TemporaryFolder folder = new();
        using StringWriter output = new();
        Assert.Equal(0, SaganCommandLine.Run(["completion", "zsh"], output, TextWriter.Null));
        ChildProcess p = ChildProcess.Run("zsh", ["-n", folder.Write("completion.zsh", output.ToString())], folder.Path);
        Assert.True(p.ExitCode == 0, p.All);
    }
}
