using Sagan.Native.Configuration;
using Sagan.Native.Kernels;
using Sagan.Native.Models;

namespace Sagan.Native.Training;

/// <summary>Adam, with one learning rate for each network.</summary>
public sealed record OptimizerConfig
{
    /// <summary>The generator's.</summary>
    public double GLearningRate { get; init; } = 1e-4;

    /// <summary>The discriminator's.</summary>
    public double DLearningRate { get; init; } = 4e-4;

    /// <summary>Decay of the mean of the gradients.</summary>
    public double Beta1 { get; init; }

    /// <summary>Decay of the mean of their squares.</summary>
    public double Beta2 { get; init; } = 0.9;

    /// <summary>What keeps a step finite where gradients are near 0.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Where epsilon is added: <c>torch</c> or <c>tensor-flow</c>.</summary>
    public AdamForm AdamForm { get; init; } = AdamForm.Torch;

    /// <summary>
    /// The first blocks of the discriminator that stay as they are (FreezeD, for going on with other images: <c>--from</c>); 0 = all learn.
    /// </summary>
    public int FreezeD { get; init; }

    internal void Validate(ConfigRules rules, ModelConfig model)
    {
        rules.Require("gLearningRate", GLearningRate, GLearningRate is > 0 and <= 1, "must be above 0 and at most 1; 1e-4 is usual");
        rules.Require("dLearningRate", DLearningRate, DLearningRate is > 0 and <= 1, "must be above 0 and at most 1; 4e-4 is usual");
        rules.Require("beta1", Beta1, Beta1 is >= 0 and < 1, "must be at least 0 and below 1");
        rules.Require("beta2", Beta2, Beta2 is >= 0 and < 1, "must be at least 0 and below 1");
        rules.Require("epsilon", Epsilon, Epsilon is > 0 and <= 1, "must be above 0 and at most 1; 1e-8 is usual");
        if (model.Family == ModelFamily.Upconv || ModelConfig.IsSize(model.Size))
            rules.Range("freezeD", FreezeD, 0, NetworkPlan.Discriminator(model).Count, "the blocks of this discriminator; 0 = all learn");
    }
}
