using System.Globalization;
using Sagan.Native.Augmentation;
using Sagan.Native.Data;
using Sagan.Native.Images;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Training;

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
        rules.Loss(config);
        rules.Augment(config.Augment);
        rules.Training(config);
        if (rules.problems.Count > 0) throw new ConfigException(string.Join('\n', rules.problems));
        if (GrowthSchedule.End(config) is var end && end > config.Training.Steps)
            warnings.Add($"the networks are complete after {end} steps, and the run ends after {config.Training.Steps}: before, there is nothing to export.");
        if (Fight(config)) warnings.Add("a gradient penalty and spectral normalisation limit the same slope and get in each other's way; you asked for it.");
    }

    static bool Fight(RunConfig c) => GradientPenalty.Belongs(c.Loss.Kind) && c.Model.SpectralNorm != SpectralNormKind.None;

    void Model(ModelConfig m)
    {
        bool size = Size(m);
        Require("model.channels", m.Channels, m.Channels is 1 or 3 or 4, "must be 3 (RGB), 4 (RGB and alpha) or 1 (grey)");
        Range("model.zDim", m.ZDim, 1, 4096);
        bool width = Range("model.convDim", m.ConvDim, 1, 1024);
        Range("model.maxWidth", m.MaxWidth, 0, 65536, "0 = no limit");
        Range("model.spectralNormIterations", m.SpectralNormIterations, 1, 100);
        Require("model.spectralNormEpsilon", m.SpectralNormEpsilon, m.SpectralNormEpsilon is > 0 and <= 1e-2, "must be above 0 and at most 0.01; 1e-12 is usual");
        Require("model.batchNormEpsilon", m.BatchNormEpsilon, m.BatchNormEpsilon is > 0 and <= 10, "must be above 0 and at most 10; 1e-5 is usual");
        Require("model.batchNormMomentum", m.BatchNormMomentum, m.BatchNormMomentum is > 0 and <= 1, "must be above 0 and at most 1; 0.1 is usual");
        Require("model.slope", m.Slope ?? 0, m.Slope is null or (>= 0 and <= 1), "must be 0 to 1; null = as the family has it");
        Require("model.initialGamma", m.InitialGamma, double.IsFinite(m.InitialGamma), "must be a number; 0 is usual");
        Classes(m);
        if (!size || !width) return;
        Attention("model.gAttention", m.GAttention, NetworkPlan.Generator(m), m);
        Attention("model.dAttention", m.DAttention, NetworkPlan.Discriminator(m), m);
        IReadOnlyList<int> sizes = NetworkPlan.GrowthSizes(m);
        Require("model.growFrom", m.GrowFrom, m.GrowFrom == 0 || sizes.Contains(m.GrowFrom),
            $"networks of this family for {m.Size}x{m.Size} can grow from {string.Join(", ", sizes)}; 0 = they do not grow");
    }

    bool Size(ModelConfig m) => m.Family == ModelFamily.Upconv
        ? Require("model.size", m.Size, m.Size is >= 16 and <= 256 && m.Size % 16 == 0, "must be a multiple of 16, 16 to 256")
        : Require("model.size", m.Size, ModelConfig.IsSize(m.Size), $"must be 4, 5, 6 or 7 doubled some times: {string.Join(", ", ModelConfig.Sizes)}");

    void Classes(ModelConfig m)
    {
        Range("model.classes", m.Classes, 0, 100_000, "0 = as many as the data has");
        Require("model.classes", m.Classes, m.Classes == 0 || m.Conditional, "only a conditional model has classes; add --conditional or leave it");
        Range("model.sharedEmbedding", m.SharedEmbedding, 0, 4096, "0 = none");
        bool shared = m.SharedEmbedding > 0;
        Require("model.sharedEmbedding", m.SharedEmbedding,
            !shared || m is { Family: ModelFamily.Resnet, Conditional: true, ConditionalNorm: ConditionalNormKind.Linear },
            "takes a conditional resnet with model.conditionalNorm = linear");
        Require("model.conditionalNorm", Words.Of(m.ConditionalNorm), m.ConditionalNorm == ConditionalNormKind.Table || m.Family == ModelFamily.Resnet,
            "linear conditional normalisation takes the resnet family");
        Require("model.attention.classQuery", "true", !m.Attention.ClassQuery || m.Conditional, "takes a conditional model; add --conditional");
        if (!m.HierarchicalZ || !Require("model.hierarchicalZ", "true", shared, "takes a shared embedding: --set model.sharedEmbedding=128")) return;
        int pieces = NetworkPlan.Generator(m).Count + 1;
        Require("model.zDim", m.ZDim, m.ZDim % pieces == 0, $"a hierarchical z is cut into {pieces} pieces, so it must be a multiple of {pieces}");
    }

    void Attention(string path, IReadOnlyList<int> sizes, IReadOnlyList<FeatureMap> maps, ModelConfig m)
    {
        string value = string.Join(",", sizes);
        int strange = sizes.FirstOrDefault(r => maps.All(f => f.Size != r), -1);
        if (!Require(path, value, strange == -1,
            $"a {m.Size}x{m.Size} network has feature maps of size {string.Join(", ", maps.Select(f => f.Size).Distinct().Order())}, not {strange}")) return;
        Require(path, value, sizes.Distinct().Count() == sizes.Count, "names a feature map twice");
        AttentionConfig a = m.Attention;
        Range("model.attention.reduction", a.Reduction, 1, 1024);
        Range("model.attention.heads", a.Heads, 1, 64);
        Range("model.attention.topK", a.TopK, 0, int.MaxValue, "0 = all");
        foreach (FeatureMap f in maps.Where(f => sizes.Contains(f.Size)))
        {
            int narrow = f.Channels / Math.Max(1, a.Reduction);
            if (a.Kind != AttentionKind.MultiHead && a.Similarity != AttentionSimilarity.Gaussian && narrow < 1)
                Require(path, value, false, $"attention needs {a.Reduction} channels or more, and the feature map of size {f.Size} has {f.Channels}; raise model.convDim");
            string? problem = SelfAttention.Problem(f.Channels, a.Options);
            if (problem != null) Require("model.attention.kind", Words.Of(a.Kind), false, problem);
            int scale = a.Scales.Count > 0 ? a.Scales.Max() : a.Kind == AttentionKind.Pooled ? 2 : 1;
            Require("model.attention.scales", string.Join(",", a.Scales), a.Scales.All(s => s >= 1) && scale <= f.Size,
                $"keys are pooled by at least 1 and at most the size of the feature map, {f.Size}");
        }
    }

    void Loss(RunConfig c)
    {
        LossConfig l = c.Loss;
        Require("loss.lambda", l.Lambda, l.Lambda is >= 0 and <= 1e6, "must be 0 to 1000000; 10 is usual");
        Require("loss.kind", Words.Of(l.Kind), !Fight(c) || l.PenaltyWithSpectralNorm,
            "a gradient penalty wants slopes of 1, and spectral normalisation holds every layer's slope below 1: together they fight, and training fails or stalls. "
            + "Switch one off (--set model.spectralNorm=none), or insist with --set loss.penaltyWithSpectralNorm=true");
        Require("loss.kind", Words.Of(l.Kind), !(GradientPenalty.Belongs(l.Kind) || l.R1 > 0) || c.Model.Family != ModelFamily.Upconv,
            "this discriminator has batch normalisation, with which the score of an image depends on the others: a gradient penalty makes no sense");
        Require("loss.passes", Words.Of(l.Passes), l.Passes == PassKind.Joint || c.Model.SpectralNorm != SpectralNormKind.Official,
            "the official code moves the spectral norms in the pass of the real images alone, and separate passes move them in each: take model.spectralNorm = heykeetae or torch, or "
            + "loss.passes = joint");
        Weight("loss.r1", l.R1);
        Range("loss.r1Every", l.R1Every, 1, 1_000_000);
        Weight("loss.leCam", l.LeCam);
        Require("loss.leCamDecay", l.LeCamDecay, l.LeCamDecay is >= 0 and < 1, "must be at least 0 and below 1; 0.99 is usual");
        Weight("loss.consistency", l.Consistency);
        Weight("loss.fakeConsistency", l.FakeConsistency);
        Weight("loss.latentConsistency", l.LatentConsistency);
        Weight("loss.latentDiversity", l.LatentDiversity);
        LatentOptimization(c);
        Require("loss.latentNoise", l.LatentNoise, l.LatentNoise is > 0 and <= 10, "must be above 0 and at most 10; 0.03 is usual");
        Require("loss.topK", l.TopK, l.TopK is > 0 and <= 1, "must be above 0 and at most 1, which is all; 0.5 is usual");
        Range("loss.topKSteps", l.TopKSteps, 0, int.MaxValue);
        Weight("loss.orthogonal", l.Orthogonal);

        void Weight(string path, double value) => Require(path, value, value is >= 0 and <= 1e6, "must be 0 (none) to 1000000");
    }

    void LatentOptimization(RunConfig c)
    {
        LossConfig l = c.Loss;
        const string Key = "loss.latentOptimization";
        Require(Key, l.LatentOptimization, l.LatentOptimization is >= 0 and <= 100, "must be 0 (none) to 100; 0.9 is usual");
        Require(Key + "Damping", l.LatentOptimizationDamping, l.LatentOptimizationDamping is > 0 and <= 1e6,
            "must be above 0 and at most 1000000");
        Range(Key + "Steps", l.LatentOptimizationSteps, 1, 100);
        Require(Key + "Share", l.LatentOptimizationShare, l.LatentOptimizationShare is > 0 and <= 1,
            "must be above 0 and at most 1, which is all; 0.8 is usual");
        Require(Key + "Cost", l.LatentOptimizationCost, l.LatentOptimizationCost is >= 0 and <= 1e6, "must be 0 (none) to 1000000");
        if (l.LatentOptimization == 0) return;
        Require(Key, l.LatentOptimization, c.Model.Latent == LatentKind.Uniform,
            "moves z and clips it to [-1, 1], where a normal z does not stay; take a uniform one: --set model.latent=uniform");
        Require(Key, l.LatentOptimization, c.Model.Family != ModelFamily.Upconv,
            "this discriminator has batch normalisation and dropout, with which the score of an image hangs on others and on chance: its slope means nothing");
        Require(Key, l.LatentOptimization, l.LatentConsistency == 0 && l.LatentDiversity == 0,
            "moves z, and latentConsistency and latentDiversity compare with vectors near where it was: leave one of them out");
    }

    void Augment(AugmentConfig a)
    {
        bool known = AugmentPolicyText.TryParse(a.Policy, out AugmentPolicies policies, out string unknown);
        Require("augment.policy", a.Policy, known, $"'{unknown}' is no policy; name some of flip, color, translation and cutout, separated by commas");
        Require("augment.policy", a.Policy, !known || policies != AugmentPolicies.None || a.Kind != AugmentKind.DiffAugment,
            "diff-augment needs a policy: some of flip, color, translation and cutout, separated by commas");
        Require("augment.adaTarget", a.AdaTarget, a.AdaTarget is > -1 and < 1, "must be above -1 and below 1, as the mean of a sign; 0.6 is usual");
        Range("augment.adaInterval", a.AdaInterval, 1, 10_000);
        Require("augment.adaKimg", a.AdaKimg, a.AdaKimg is > 0 and <= 1e9, "must be above 0 and at most 1000000000; 500 is usual");
    }

    void Training(RunConfig c)
    {
        OptimizerConfig o = c.Optimizer;
        Require("optimizer.gLearningRate", o.GLearningRate, o.GLearningRate is > 0 and <= 1, "must be above 0 and at most 1; 1e-4 is usual");
        Require("optimizer.dLearningRate", o.DLearningRate, o.DLearningRate is > 0 and <= 1, "must be above 0 and at most 1; 4e-4 is usual");
        Require("optimizer.beta1", o.Beta1, o.Beta1 is >= 0 and < 1, "must be at least 0 and below 1");
        Require("optimizer.beta2", o.Beta2, o.Beta2 is >= 0 and < 1, "must be at least 0 and below 1");
        Require("optimizer.epsilon", o.Epsilon, o.Epsilon is > 0 and <= 1, "must be above 0 and at most 1; 1e-8 is usual");

        if (c.Model.Family == ModelFamily.Upconv || ModelConfig.IsSize(c.Model.Size))
            Range("optimizer.freezeD", o.FreezeD, 0, NetworkPlan.Discriminator(c.Model).Count, "the blocks of this discriminator; 0 = all learn");

        TrainingConfig t = c.Training;
        Range("training.steps", t.Steps, 1, int.MaxValue);
        Range("training.batch", t.Batch, 1, 65536);
        Range("training.accumulation", t.Accumulation, 1, 65536);
        if (t.Accumulation >= 1)
            Require("training.batch", t.Batch, t.Batch % t.Accumulation == 0, $"must be a multiple of training.accumulation, {t.Accumulation}: the parts are equal");
        Range("training.growSteps", t.GrowSteps, 1, int.MaxValue);
        Range("training.fadeSteps", t.FadeSteps, 0, int.MaxValue, "0 = none: a new size is there at once");
        Range("training.dSteps", t.DSteps, 1, 1000);
        Require("training.emaDecay", t.EmaDecay, t.EmaDecay is >= 0 and < 1, "must be at least 0 and below 1; 0.999 is usual, 0 keeps no average");
        Range("training.emaStart", t.EmaStart, 0, int.MaxValue);
        Require("training.device", t.Device, t.Device.Length > 0, $"must name a device; `{ShellCommand.Of("devices")}` lists them");
        Range("training.threads", t.Threads, 0, 255, "0 = one for each processor");
        Range("training.sampleEvery", t.SampleEvery, 0, int.MaxValue, "0 = only at the end");
        Range("training.saveEvery", t.SaveEvery, 0, int.MaxValue, "0 = only at the end");
        Range("training.keep", t.Keep, 1, 100_000);
        Require("training.keepSamples", t.KeepSamples, t.KeepSamples is 0 or >= 3, "must be at least 3, or 0, which keeps all");
        Require("training.best", Words.Of(t.Best), t.Best != BestKind.Consistency || (c.Data.Source == Dataset.Creatures && c.Model.Channels == 3),
            "consistency is a measure of the built-in creatures with 3 channels; take proxy-fid");
        Range("training.logEvery", t.LogEvery, 1, int.MaxValue);
        Require("training.maxTime", t.MaxTime?.ToString() ?? "null", t.MaxTime is null || t.MaxTime > TimeSpan.Zero,
            "must be longer than nothing; null = no limit");

        WatchConfig w = c.Watch;
        Range("watch.patience", w.Patience, 0, int.MaxValue, "0 = not watched");
        Require("watch.zeroLoss", w.ZeroLoss, w.ZeroLoss is > 0 and < 1, "must be above 0 and below 1; 0.01 is usual");
        Require("watch.collapse", w.Collapse, w.Collapse is >= 0 and < 1, "must be at least 0 and below 1; 0.02 is usual, 0 = not watched");
        Range("watch.every", w.Every, 1, int.MaxValue);
        Require("watch.learningRateFactor", w.LearningRateFactor, w.LearningRateFactor is > 0 and <= 1, "must be above 0 and at most 1; 0.5 is usual");
        Range("watch.rollBacks", w.RollBacks, 0, 1000);

        Require("data.source", c.Data.Source, c.Data.Source.Length > 0, "must be a folder, a file or creatures");
        Range("data.cropPixels", c.Data.CropPixels, 0, 65536, "0 = the short side");
        Range("data.maxMegapixels", c.Data.MaxMegapixels, 1, ImageLimit.MaxMegapixels);
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
