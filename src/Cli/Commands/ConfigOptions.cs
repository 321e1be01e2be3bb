using System.CommandLine;
using System.CommandLine.Completions;
using Sagan.Native.Commands.Console;
using Sagan.Native.Configuration;
using Sagan.Native.Data;
using Sagan.Native.Training;

namespace Sagan.Native.Commands;

/// <summary>
/// The options that make up a run's configuration: a file, a preset, --set, and a flag for each value that is often changed.
/// </summary>
sealed class ConfigOptions
{
    static readonly (string Flag, string Path, string Help)[] Table =
    [
        ("--data", "data.source", "A folder, zip, IDX or CIFAR file of images, or creatures, the built-in set."),
        ("--family", "model.family", "dcgan, resnet or upconv."),
        ("--size", "model.size", "Width and height of an image, 16 to 256."),
        ("--grow-from", "model.growFrom", "Size of the first images of networks that grow up to the full one; 0 = they do not."),
        ("--conv-dim", "model.convDim", "Width of the networks."),
        ("--z-dim", "model.zDim", "Components of the latent vector."),
        ("--conditional", "model.conditional", "The networks are told the class of each image."),
        ("--g-attention", "model.gAttention", "Feature maps of the generator that have attention, such as 16,32; none for none."),
        ("--d-attention", "model.dAttention", "The same for the discriminator."),
        ("--loss", "loss.kind", "hinge, wgan-gp, wgan-gp-two-step, wgan-lp, dragan, non-saturating, bce, least-squares or kl."),
        ("--passes", "loss.passes", "joint: the discriminator sees real and fake images together; separate: one after the other, as in "
            + "heykeetae's code."),
        ("--augment", "augment.kind", "none, diff-augment, ada or apa: for training on few images."),
        ("--g-lr", "optimizer.gLearningRate", "Learning rate of the generator."),
        ("--d-lr", "optimizer.dLearningRate", "Learning rate of the discriminator."),
        ("--steps", "training.steps", "Generator steps in all."),
        ("--batch", "training.batch", "Images per step."),
        ("--accumulation", "training.accumulation", "Parts that a batch is computed in, to save memory."),
        ("--d-steps", "training.dSteps", "Discriminator steps per generator step."),
        ("--seed", "training.seed", "Seed of everything random."),
        ("--device", "training.device", $"Where to compute; see `{ShellCommand.Of("devices")}`."),
        ("--matmul-precision", "training.matMulPrecision", "highest (float32), high (TF32) or medium (BF16), on tensor cores."),
        ("--convolution", "training.convolution", "auto (as is fastest) or direct (plain sums), on the CPU."),
        ("--threads", "training.threads", "Threads of the CPU; 0 = one for each processor."),
        ("--sample-every", "training.sampleEvery", "Steps between two grids of samples."),
        ("--save-every", "training.saveEvery", "Steps between two checkpoints."),
        ("--best", "training.best", "What tells the best checkpoint: none, proxy-fid or consistency."),
        ("--keep", "training.keep", "How many checkpoints to keep."),
        ("--keep-samples", "training.keepSamples", "How many grids of samples to keep, spread over the run; 0 = all."),
        ("--log-every", "training.logEvery", "Steps between two lines of metrics."),
        ("--watch", "watch.action", "What becomes of a run that fails: stop, roll-back or warn."),
        ("--max-time", "training.maxTime", "Save and stop after this time: 90s, 30m, 2h."),
    ];

    readonly Argument<string?> file = new("config")
    {
        Description = "A configuration file (JSON).",
        Arity = ArgumentArity.ZeroOrOne,
    };
    readonly Option<string?> preset =
        new("--preset") { Description = $"Where to start from: {string.Join(", ", Presets.Names)}.", HelpName = "name" };
    readonly Option<string[]> set =
        new("--set") { Description = "Any value, such as optimizer.beta2=0.99. Repeatable.", HelpName = "key=value" };
    readonly List<Flag> flags = [];

    /// <summary>Where true, the argument may be the images themselves.</summary>
    public bool TakesImages
    {
        get;
        init
        {
            field = value;
            if (value) file.Description = "A configuration file (JSON), or the images themselves, as --data takes them.";
        }
    }

    /// <summary>Adds the options to a command. Flags that the command gives another meaning are left out.</summary>
    public ConfigOptions(Command command, params string[] except)
    {
        preset.CompletionSources.Add([.. Presets.Names]);
        set.CompletionSources.Add(_ => RunConfig.Keys.Paths.Select(path => new CompletionItem($"{path}=")));
        command.Add(file);
        command.Add(preset);
        flags.AddRange(Flags(command, (flag, _) => !except.Contains(flag)));
        command.Add(set);
    }

    /// <summary>Adds some of the flags to a command.</summary>
    public static IReadOnlyList<Flag> Flags(Command command, Func<string, string, bool> wanted)
    {
        Flag[] flags = [.. Table.Where(t => wanted(t.Flag, t.Path)).Select(t => new Flag(t.Flag, t.Path, t.Help))];
        foreach (Flag flag in flags) command.Add(flag.Option);
        return flags;
    }

    /// <summary>A flag and the key that it stands for. One of a key that is true or false may stand alone, for true.</summary>
    public sealed class Flag(string name, string path, string help)
    {
        public Option Option { get; } = Make(name, path, help);

        static Option Make(string name, string path, string help)
        {
            ConfigKey key = RunConfig.Keys[path];
            if (key.IsSwitch) return new Option<bool>(name) { Description = help };
            Option<string?> option = new(name) { Description = help, HelpName = path[(path.IndexOf('.') + 1)..] };
            if (key.Choices.Count > 0) option.CompletionSources.Add([.. key.Choices]);
            return option;
        }

        /// <summary>The key.</summary>
        public string Path => path;

        /// <summary>Its value, where it was given.</summary>
        public FlagValue? Of(ParseResult parsed)
        {
            string? text = Option is Option<bool> b ? Switch(b) : parsed.GetValue((Option<string?>)Option);
            return text == null ? null : new FlagValue(name, path, text);

            string? Switch(Option<bool> b) => parsed.GetResult(b) is not { Implicit: false } ? null : parsed.GetValue(b) ? "true" : "false";
        }
    }

    /// <summary>The configuration that the command line, the environment and the files add up to; its warnings are shown.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="context">Where the warnings go.</param>
    /// <param name="found">See <see cref="ConfigSources.Found"/>.</param>
    public ResolvedConfig Resolve(ParseResult parsed, CommandContext context, IReadOnlyList<FlagValue>? found = null)
    {
        List<FlagValue> given = [.. flags.Select(f => f.Of(parsed)).OfType<FlagValue>()];
        string? first = parsed.GetValue(file);
        if (first != null && IsImages(first))
        {
            if (!TakesImages)
                throw new UsageException($"{first}: is {(Directory.Exists(first) ? "a folder" : "no JSON")}, "
                    + "and a configuration file (JSON) is wanted here"
                    + (flags.Any(f => f.Path == "data.source") ? "; images are named by --data." : "."));
            if (File.Exists(Path.Combine(first, "config.json")) && Directory.Exists(Path.Combine(first, "checkpoints")))
                throw new UsageException($"{first}: is the folder of a run, not one of images. To go on with the run: "
                    + $"{ShellCommand.Of("resume", first)}; "
                    + $"to begin another with its networks: {ShellCommand.Of("train", "--from", first)}");
            if (given.Any(f => f.Path == "data.source"))
                throw new UsageException($"{first}: the images are named twice, here and by --data; leave one out.");
            given.Add(new FlagValue("the argument", "data.source", first));
            first = null;
        }
        ResolvedConfig config = ResolvedConfig.Resolve(new ConfigSources
        {
            Preset = parsed.GetValue(preset),
            File = first,
            Environment = ConfigSources.ProcessEnvironment(),
            Set = parsed.GetValue(set) ?? [],
            Found = found ?? [],
            Flags = given,
        });
        foreach (string warning in config.Warnings) context.Terminal.Warning(warning);
        return config;
    }

    // A folder, or a file that does not begin as JSON does.
    static bool IsImages(string path)
    {
        if (Directory.Exists(path)) return true;
        if (!File.Exists(path) || path.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return false;
        // Their first byte can be any.
        if (TensorSource.Is(path) || Path.GetExtension(path).ToLowerInvariant() is ".bin" or ".zip" or ".gz") return true;
        try
        {
            using FileStream s = File.OpenRead(path);
            const int byteOrderMark = 0xEF;
            return s.ReadByte() is not (-1 or '{' or '/' or ' ' or '\t' or '\r' or '\n' or byteOrderMark);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
