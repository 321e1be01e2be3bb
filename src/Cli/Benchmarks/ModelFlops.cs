using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// Floating-point operations of the unconditional dcgan networks with full attention, counted from the shapes of their layers: products
/// only (a multiply-add is 2), and only those that the result needs, so what a kernel computes again to save memory does not count.
/// <code>conv k4, Ci -> Co, R x R outputs             2 16 Ci Co R^2      transposed: R x R inputs
/// attention, C channels, N pixels   1x1        2 N C (C/8 + C/8 + C)
///                                   core       2 N N (C/8 + C)       backward: twice that</code>
/// </summary>
static class ModelFlops
{
    /// <summary>False for networks that are not counted.</summary>
    public static bool Counts(ModelConfig m) =>
        m is { Family: ModelFamily.Dcgan, Conditional: false } && m.Attention == new AttentionConfig { Scales = m.Attention.Scales }
        && m.Attention.Scales.Count == 0;

    /// <summary>
    /// One pass of one image: First is the first layer's share and Core that of the attention products, both part of All.
    /// </summary>
    readonly record struct Pass(double All, double First, double Core);

    /// <summary>The generator makes one image.</summary>
    public static double GeneratorForward(ModelConfig m) => Generator(m).All;

    /// <summary>
    /// One training step with the hinge loss, for each image of the batch.
    /// <code>D update: G forward; D forward and backward (weights and inputs, but not the images) for a real and a fake image
    /// G update: G and D forward; D backward to its inputs; G backward (weights and inputs, but not z)</code>
    /// </summary>
    public static double HingeStep(ModelConfig m)
    {
        (Pass g, Pass d) = (Generator(m), Discriminator(m));
        double dUpdate = g.All + 2 * (3 * d.All - d.First);
        double gUpdate = g.All + d.All + (d.All + d.Core) + (2 * g.All - g.First);
        return dUpdate + gUpdate;
    }

    static Pass Generator(ModelConfig m)
    {
        IReadOnlyList<FeatureMap> maps = NetworkPlan.Generator(m);
        double first = Conv(m.ZDim, maps[0].Channels, m.Bottom, 1), all = first, core = 0;
        for (int i = 0; i < maps.Count; i++)
        {
            all += Conv(maps[i].Channels, i + 1 < maps.Count ? maps[i + 1].Channels : m.Channels, 4, maps[i].Size)
                + Projections(maps[i], m.GAttention);
            core += Core(maps[i], m.GAttention);
        }
        return new Pass(all + core, first, core);
    }

    static Pass Discriminator(ModelConfig m)
    {
        IReadOnlyList<FeatureMap> maps = NetworkPlan.Discriminator(m);
        double first = Conv(m.Channels, maps[0].Channels, 4, maps[0].Size), all = Conv(maps[^1].Channels, 1, m.Bottom, 1), core = 0;
        for (int i = 0; i < maps.Count; i++)
        {
            all += Conv(i == 0 ? m.Channels : maps[i - 1].Channels, maps[i].Channels, 4, maps[i].Size) + Projections(maps[i], m.DAttention);
            core += Core(maps[i], m.DAttention);
        }
        return new Pass(all + core, first, core);
    }

    static double Conv(int ci, int co, int kernel, int resolution) => 2.0 * kernel * kernel * ci * co * resolution * resolution;

    static double Projections(FeatureMap f, IReadOnlyList<int> attention) =>
        attention.Contains(f.Size) ? 2.0 * f.Size * f.Size * f.Channels * (2 * (f.Channels / 8) + f.Channels) : 0;

    static double Core(FeatureMap f, IReadOnlyList<int> attention) =>
        attention.Contains(f.Size) ? 2.0 * f.Size * f.Size * f.Size * f.Size * (f.Channels / 8 + f.Channels) : 0;
}
