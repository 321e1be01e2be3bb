using Sagan.Native.Configuration;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// Floating-point operations of the networks, counted from the shapes of their layers: products only (a multiply-add is 2), and only those that the result
/// needs, so what a kernel computes again to save memory does not count.
/// <code>conv k4, Ci -> Co, R x R outputs             2 16 Ci Co R^2      transposed: R x R inputs
/// attention, C channels, N pixels   1x1        2 N C (C/8 + C/8 + C)
///                                   core       2 N N (C/8 + C)       backward: twice that</code>
/// </summary>
static class ModelFlops
{
    /// <summary>One pass of one image: First is the first layer's share and Core that of the attention products, both part of All.</summary>
    readonly record struct Pass(double All, double First, double Core);

    /// <summary>The generator makes one image.</summary>
    public static double GeneratorForward(ModelConfig m) => Generator(m).All;

    /// <summary>The discriminator scores one image.</summary>
    public static double DiscriminatorForward(ModelConfig m) => Discriminator(m).All;

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
        double first = Conv(m.ZDim, m.Width(4), 1), all = first, core = 0;
        foreach (int r in m.FeatureMaps)
        {
            all += Conv(m.Width(r), r == m.Size / 2 ? m.Channels : m.Width(2 * r), r) + Projections(m, m.GAttention, r);
            core += Core(m, m.GAttention, r);
        }
        return new Pass(all + core, first, core);
    }

    static Pass Discriminator(ModelConfig m)
    {
        double first = Conv(m.Channels, m.Width(m.Size / 2), m.Size / 2), all = Conv(m.Width(4), 1, 1), core = 0;
        foreach (int r in m.FeatureMaps)
        {
            all += Conv(r == m.Size / 2 ? m.Channels : m.Width(2 * r), m.Width(r), r) + Projections(m, m.DAttention, r);
            core += Core(m, m.DAttention, r);
        }
        return new Pass(all + core, first, core);
    }

    static double Conv(int ci, int co, int resolution) => 2.0 * 4 * 4 * ci * co * resolution * resolution;

    static double Projections(ModelConfig m, IReadOnlyList<int> attention, int r) => attention.Contains(r) ? 2.0 * r * r * m.Width(r) * (2 * (m.Width(r) / 8) + m.Width(r)) : 0;

    static double Core(ModelConfig m, IReadOnlyList<int> attention, int r) => attention.Contains(r) ? 2.0 * r * r * r * r * (m.Width(r) / 8 + m.Width(r)) : 0;
}
