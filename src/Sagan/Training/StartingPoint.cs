namespace Sagan.Native.Training;

/// <summary>A run or checkpoint whose networks another run begins with, at step 0 and with fresh moments.</summary>
/// <param name="Run">Its folder.</param>
public sealed record StartingPoint(string Run)
{
    // What run.json says of it.
    const string RunFact = "from", AverageFact = "fromEma", FreshFact = "freshClasses";

    /// <summary>The generator begins as the moving average of its weights, where one was kept; false: as the weights themselves.</summary>
    public bool Average { get; init; } = true;

    /// <summary>
    /// What belongs to single classes begins anew: for other classes, another number of them, or none before. Gains and biases of an
    /// unconditional network become those of every class.
    /// </summary>
    public bool FreshClasses { get; init; }

    internal Dictionary<string, string> Facts() => new()
    {
        [RunFact] = Path.GetFullPath(Run),
        [AverageFact] = Average ? "true" : "false",
        [FreshFact] = FreshClasses ? "true" : "false",
    };

    /// <summary>That of a run which began so; null for one that began with fresh networks.</summary>
    internal static StartingPoint? Of(RunFolder folder) => Of(folder.Fact);

    /// <summary>The same, from what run.json says under a name.</summary>
    internal static StartingPoint? Of(Func<string, string?> fact) => fact(RunFact) is { } run
        ? new StartingPoint(run) { Average = fact(AverageFact) != "false", FreshClasses = fact(FreshFact) == "true" }
        : null;

    /// <summary>The command that begins the run in this folder again, in a new one.</summary>
    internal static string CommandAnew(RunFolder folder, params string[] more) =>
        CommandAnew(folder.File(RunFolder.Config), Of(folder), more);

    /// <summary>The same, from the file of the configuration.</summary>
    internal static string CommandAnew(string config, StartingPoint? start, params string[] more)
    {
        List<string> arguments = [config];
        if (start is { } from)
        {
            arguments.AddRange(["--from", from.Run]);
            if (!from.Average) arguments.Add("--no-ema");
            if (from.FreshClasses) arguments.Add("--fresh-classes");
        }
        return ShellCommand.Of(["train", .. arguments, .. more]);
    }
}
