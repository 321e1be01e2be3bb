using System.CommandLine;

namespace Sagan.Native.Cli;

/// <summary>Samples beside the training images nearest to them. Data null: the run's own. Classes: as of sample.</summary>
sealed record NearestRequest(string Source, string? Data, int Count, int Neighbours, ulong Seed, string Out, string? Classes = null);

/// <summary><c>sagan nearest run</c>.</summary>
sealed class NearestCommand : Verb
{
    readonly Argument<string> source = new("run") { Description = "A run folder or a checkpoint folder." };
    readonly Option<string?> data = new("--data") { Description = "The images to search; without it those the run was trained on.", HelpName = "source" };
    readonly Option<int> count = new("-n") { Description = "How many samples.", DefaultValueFactory = _ => 8, HelpName = "count" };
    readonly Option<int> neighbours = new("-k") { Description = "How many training images beside each.", DefaultValueFactory = _ => 7, HelpName = "count" };
    readonly Option<ulong> seed = new("--seed") { Description = "Seed of the latent vectors.", DefaultValueFactory = _ => 1, HelpName = "seed" };
    readonly Option<string?> classes = new("--class")
    {
        Description = "Names or numbers of the samples' classes, separated by commas; without it all in turn.",
        HelpName = "class",
    };
    readonly Option<string?> file = new("--out")
    {
        Description = "A .png, .jpg, .webp or .bmp file; the default is nearest.png (nearest-2.png, ... where there is one).",
        HelpName = "path",
    };
    readonly Func<NearestRequest, CliContext, ExitCode> find;

    public NearestCommand(Func<NearestRequest, CliContext, ExitCode> find) : base("nearest", "Shows samples beside the training images most like them.")
    {
        this.find = find;
        Add(source);
        foreach (Option o in (Option[])[data, count, neighbours, seed, classes, file]) Add(o);
    }

    string Out(ParseResult parsed) => parsed.GetValue(file) is { } path ? PictureOption.Picture(file.Name, path) : PictureOption.Free("nearest.png");

    protected override ExitCode Run(ParseResult parsed, CliContext context)
    {
        (int n, int k) = (parsed.GetValue(count), parsed.GetValue(neighbours));
        if (n is < 1 or > 1000) throw new UsageException($"-n {n}: must be 1 to 1000.");
        if (k is < 1 or > 100) throw new UsageException($"-k {k}: must be 1 to 100.");
        return find(new NearestRequest(parsed.GetRequiredValue(source), parsed.GetValue(data), n, k, parsed.GetValue(seed), Out(parsed),
            parsed.GetValue(classes)), context);
    }
}
