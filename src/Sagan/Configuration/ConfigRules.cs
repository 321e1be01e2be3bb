using System.Globalization;
using System.Numerics;

namespace Sagan.Native.Configuration;

/// <summary>What the values must satisfy, beyond their types. All problems are reported at once, one line each.</summary>
sealed class ConfigRules
{
    readonly IReadOnlyDictionary<string, string> origins;
    readonly List<string> problems = [];

    ConfigRules(IReadOnlyDictionary<string, string> origins) => this.origins = origins;

    public static void Check(RunConfig config, IReadOnlyDictionary<string, string> origins, List<string> warnings)
    {
        ConfigRules rules = new(origins);
        rules.Model(config.Model);
        rules.Training(config);
        if (rules.problems.Count > 0) throw new ConfigException(string.Join('\n', rules.problems));
        if (config.Loss.Kind != LossKind.Hinge && config.Model.SpectralNorm != SpectralNormKind.None)
            warnings.Add("a gradient penalty and spectral normalisation limit the same slope and get in each other's way: "
                + "consider --set model.spectralNorm=none.");
    }

    void Model(ModelConfig m)
    {
        bool size = Require("model.size", m.Size, m.Size is >= 16 and <= 256 && BitOperations.IsPow2(m.Size), "must be 16, 32, 64, 128 or 256");
        Require("model.channels", m.Channels, m.Channels is 1 or 3, "must be 3 (RGB) or 1 (grey)");
        Range("model.zDim", m.ZDim, 1, 4096);
        bool width = Range("model.convDim", m.ConvDim, 1, 1024);
        Range("model.maxWidth", m.MaxWidth, 0, 65536, "0 = no limit");
        Require("model.initialGamma", m.InitialGamma, double.IsFinite(m.InitialGamma), "must be a number; 0 is usual");
        if (!size || !width) return;
        Attention("model.gAttention", m.GAttention, m);
        Attention("model.dAttention", m.DAttention, m);
    }

    void Attention(string path, IReadOnlyList<int> sizes, ModelConfig m)
    {
        string value = string.Join(",", sizes);
        int strange = sizes.FirstOrDefault(r => !m.FeatureMaps.Contains(r), -1);
        if (!Require(path, value, strange == -1,
            $"a {m.Size}x{m.Size} network has feature maps of size {string.Join(", ", m.FeatureMaps)}, not {strange}")) return;
        Require(path, value, sizes.Distinct().Count() == sizes.Count, "names a feature map twice");
        // Queries and keys have an eighth of the channels.
        int narrow = sizes.FirstOrDefault(r => m.Width(r) < 8, -1);
        if (narrow != -1)
            Require(path, value, false, $"attention needs 8 channels or more, and the feature map of size {narrow} has {m.Width(narrow)}; raise model.convDim");
    }

    void Training(RunConfig c)
    {
        Require("loss.lambda", c.Loss.Lambda, c.Loss.Lambda is >= 0 and <= 1e6, "must be 0 to 1000000; 10 is usual");
        OptimizerConfig o = c.Optimizer;
        Require("optimizer.gLearningRate", o.GLearningRate, o.GLearningRate is > 0 and <= 1, "must be above 0 and at most 1; 1e-4 is usual");
        Require("optimizer.dLearningRate", o.DLearningRate, o.DLearningRate is > 0 and <= 1, "must be above 0 and at most 1; 4e-4 is usual");
        Require("optimizer.beta1", o.Beta1, o.Beta1 is >= 0 and < 1, "must be at least 0 and below 1");
        Require("optimizer.beta2", o.Beta2, o.Beta2 is >= 0 and < 1, "must be at least 0 and below 1");
        Require("optimizer.epsilon", o.Epsilon, o.Epsilon is > 0 and <= 1, "must be above 0 and at most 1; 1e-8 is usual");

        TrainingConfig t = c.Training;
        Range("training.steps", t.Steps, 1, int.MaxValue);
        Range("training.batch", t.Batch, 1, 65536);
        Range("training.dSteps", t.DSteps, 1, 1000);
        Require("training.emaDecay", t.EmaDecay, t.EmaDecay is >= 0 and < 1, "must be at least 0 and below 1; 0.999 is usual, 0 keeps no average");
        Range("training.emaStart", t.EmaStart, 0, int.MaxValue);
        Require("training.device", t.Device, t.Device.Length > 0, "must name a device; `sagan devices` lists them");
        Range("training.threads", t.Threads, 0, 255, "0 = one for each processor");
        Range("training.sampleEvery", t.SampleEvery, 0, int.MaxValue, "0 = only at the end");
        Range("training.saveEvery", t.SaveEvery, 0, int.MaxValue, "0 = only at the end");
        Range("training.keep", t.Keep, 1, 100_000);
        Range("training.logEvery", t.LogEvery, 1, int.MaxValue);
        Require("training.maxTime", t.MaxTime?.ToString() ?? "null", t.MaxTime is null || t.MaxTime > TimeSpan.Zero,
            "must be longer than nothing; null = no limit");

        Require("data.source", c.Data.Source, c.Data.Source.Length > 0, "must be a folder, a file or creatures");
        Range("data.cropPixels", c.Data.CropPixels, 0, 65536, "0 = the short side");
        Range("data.creatureCount", c.Data.CreatureCount, 1, 10_000_000);
        Range("sampling.images", c.Sampling.Images, 1, 4096);
    }

    bool Range(string path, int value, int least, int most, string? note = null) => Require(path, value, value >= least && value <= most,
        (most == int.MaxValue ? $"must be at least {least}" : $"must be {least} to {most}") + (note == null ? "" : $" ({note})"));

    bool Require(string path, IFormattable value, bool holds, string rule) => Require(path, value.ToString(null, CultureInfo.InvariantCulture), holds, rule);

    bool Require(string path, string value, bool holds, string rule)
    {
        if (!holds) problems.Add($"{path} = {value} (from {origins[path]}): {rule}.");
        return holds;
    }
}
