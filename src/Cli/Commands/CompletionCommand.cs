using System.CommandLine;
using System.Text.Json.Nodes;
using Sagan.Native.Commands.Console;

namespace Sagan.Native.Commands;

/// <summary>
/// <c>sagan completion shell</c>: a script that lets the shell ask this program what can follow, by the parser's own directive
/// <c>[suggest]</c>.
/// </summary>
sealed class CompletionCommand : Verb<string>
{
    readonly Argument<string> shell = new("shell") { Description = "bash, zsh or pwsh (PowerShell)." };

    public CompletionCommand() : base("completion", "Prints a script that completes commands, options and their values in a shell.")
    {
        shell.AcceptOnlyFromAmong("bash", "zsh", "pwsh");
        Add(shell);
    }

    internal override string Read(ParseResult parsed, CommandContext context) => parsed.GetRequiredValue(shell);

    protected override ExitCode Run(string request, CommandContext context)
    {
        string script = request switch { "bash" => Bash, "zsh" => Zsh, _ => Pwsh };
        // As it is: lines are not broken for the screen.
        if (!context.Json) context.Terminal.Document(script);
        context.ResultJson(new JsonObject { ["shell"] = request, ["script"] = script });
        return ExitCode.Success;
    }

    // What the parser suggests is filtered by the word that is being written: options once it begins as one. Where nothing is left, file
    // names are completed.
    const string Bash =
        """
        # For ~/.bashrc: source <(sagan completion bash)
        _sagan_completion() {
            local word="${COMP_WORDS[COMP_CWORD]}" line="${COMP_LINE:0:COMP_POINT}"
            local IFS=$'\n' found
            found="$(sagan "[suggest:${#line}]" "$line" 2>/dev/null)"
            [[ "$word" == -* ]] || found="$(grep -v '^[-/]' <<< "$found")"
            COMPREPLY=($(compgen -W "$found" -- "$word"))
        }
        complete -o default -F _sagan_completion sagan
        """;

    const string Zsh =
        """
        # For ~/.zshrc, after compinit: source <(sagan completion zsh)
        _sagan_completion() {
            local -a found
            local line="${BUFFER[1,CURSOR]}"
            found=("${(@f)$(sagan "[suggest:${#line}]" "$line" 2>/dev/null)}")
            found=(${found:#})
            [[ "${words[CURRENT]}" == -* ]] || found=(${found:#[-/]*})
            if (( ${#found} )); then compadd -- "${found[@]}"; else _files; fi
        }
        compdef _sagan_completion sagan
        """;

    const string Pwsh =
        """
        # For $PROFILE: sagan completion pwsh | Out-String | Invoke-Expression
        Register-ArgumentCompleter -Native -CommandName sagan -ScriptBlock {
            param($word, $command, $position)
            $line = $command.ToString().PadRight($position).Substring(0, $position)
            sagan "[suggest:$position]" $line 2>$null |
                Where-Object { $_ -like "$word*" -and ($word -like '-*' -or $_ -notmatch '^[-/]') } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
        }
        """;
}
