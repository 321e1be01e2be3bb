using System.CommandLine;
using Sagan.Native.Configuration;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>What the verbs of <c>sagan data</c> have in common: a data set, and how it is read.</summary>
sealed class DataOptions
{
    readonly Argument<string> source =
        new("source") { Description = "A folder, zip, IDX, CIFAR, .safetensors or .npz file of images, or creatures." };
    readonly Option<string?> size = new("--size") { Description = "Width and height to bring the images to.", HelpName = "size" };
    readonly Option<string[]> set =
        new("--set") { Description = "Another value, such as data.crop=none. Repeatable.", HelpName = "key=value" };

    public void AddTo(Command command)
    {
        command.Add(source);
        command.Add(size);
        command.Add(set);
    }

    /// <summary>The configuration of a run that would read it.</summary>
    public ResolvedConfig Resolve(ParseResult parsed)
    {
        List<FlagValue> flags = [new FlagValue("source", "data.source", parsed.GetRequiredValue(source))];
        if (parsed.GetValue(size) is { } s) flags.Add(new FlagValue("--size", "model.size", s));
        return ResolvedConfig.Resolve(new ConfigSources
        {
            // Attention belongs to a run, not to its data: the size may be any.
            Set = ["model.gAttention=none", "model.dAttention=none", .. parsed.GetValue(set) ?? []],
            Environment = ConfigSources.ProcessEnvironment(),
            Flags = flags,
        });
    }
}
