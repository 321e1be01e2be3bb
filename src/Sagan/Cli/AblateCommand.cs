using System.CommandLine;
using System.Globalization;
using Sagan.Native.Configuration;

namespace Sagan.Native.Cli;

/// <summary>Trainings that differ in where the networks have attention, each with the same seeds: position null = none.</summary>
sealed record AblateRequest(ResolvedConfig Config, IReadOnlyList<IReadOnlyList<int>> Positions, IReadOnlyList<ulong> Seeds, int Images, string Folder);

/// <summary><c>sagan ablate</c>.</summary>
sealed class AblateCommand : Verb
{
    readonly ConfigOptions config;
    readonly Option<string> positions = new("--positions")
    {
        Description = "Feature maps with attention, in both networks: none, sizes, and sizes together.",
        HelpName = "none;8;16;8,16",
        DefaultValueFactory = _ => "none;8;16;8,16",
    };
    readonly Option<string> seeds = new("--seeds") { Description = "Seeds that each is trained with.", HelpName = "1,2,3", DefaultValueFactory = _ => "1,2,3" };
    readonly Option<int> images = new("--images") { Description = "Samples that are measured.", HelpName = "count", DefaultValueFactory = _ => 2048 };
    readonly Option<string> folder = new("--out") { Description = "A folder for all runs; one that was begun is gone on with.", HelpName = "folder", DefaultValueFactory = _ => "runs/ablation" };
    readonly Func<AblateRequest, CliContext, ExitCode> ablate;

    public AblateCommand(Func<AblateRequest, CliContext, ExitCode> ablate)
        : base("ablate", "Trains with and without attention, and with it in different places, under equal seeds and steps, and compares.")
    {
        this.ablate = ablate;
        config = new ConfigOptions(this, "--seed", "--g-attention", "--d-attention");
        foreach (Option o in (Option[])[positions, seeds, images, folder]) Add(o);
    }

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        int n = parsed.GetValue(images);
        if (n is < 2 or > 1_000_000) throw new UsageException($"--images {n}: must be 2 to 1000000.");
        IReadOnlyList<IReadOnlyList<int>> places = [.. Parts(parsed, positions, ';').Select(p => p == "none" ? (IReadOnlyList<int>)[] : [.. p.Split(',').Select(Size)])];
        IReadOnlyList<ulong> numbers = [.. Parts(parsed, seeds, ',').Select(Seed)];
        return ablate(new AblateRequest(config.Resolve(parsed, context, [new FlagValue("ablate", "model.gAttention", "none"), new FlagValue("ablate", "model.dAttention", "none")]), places, numbers, n, parsed.GetRequiredValue(folder)), context);
    }

    static string[] Parts(ParseResult parsed, Option<string> option, char separator)
    {
        string[] parts = parsed.GetRequiredValue(option).Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return parts.Length > 0 && parts.Distinct().Count() == parts.Length ? parts : throw new UsageException($"{option.Name}: must name one or more, none of them twice.");
    }

    static int Size(string s) => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : throw new UsageException($"--positions {s}: must be none or sizes of feature maps.");

    static ulong Seed(string s) => ulong.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out ulong n) ? n : throw new UsageException($"--seeds {s}: must be whole numbers.");
}
