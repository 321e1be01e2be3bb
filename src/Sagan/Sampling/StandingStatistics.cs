using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Sampling;

/// <summary>
/// Gives a generator's batch normalisation the mean statistics of a number of batches made just now, in place of those gathered in
/// training, until it is disposed; then everything is as before.  Source: Brock et al. 2019, section 4.1.
/// </summary>
sealed class StandingStatistics : IDisposable
{
    const int Passes = 16, BatchSize = 64;
    const ulong Seed = 0x57A7;

    readonly List<(Parameter Buffer, float[] Values)> before = [];

    public StandingStatistics(Generator generator, Kernels.Device device)
    {
        BatchNormalization[] norms = [.. generator.Descendants().Select(m => m.Module).OfType<BatchNormalization>()];
        foreach (Parameter buffer in norms.SelectMany(n => n.State()).Select(s => s.Parameter).Where(p => !p.IsTrainable).Distinct())
            before.Add((buffer, buffer.Value.ToArray()));
        RandomSource random = new(Seed);
        bool training = generator.IsTraining;
        generator.Train();
        foreach (BatchNormalization n in norms) n.AccumulateStatistics();
        SpectralNorm.Frozen(generator, () =>
        {
            for (int i = 0; i < Passes; i++)
                Step.Run(() => Autograd.NoGrad(() =>
                    generator.Call(Sampler.Latent(generator.Model, random, BatchSize, device), Classes(generator.Model, i, device))));
            return 0;
        });
        foreach (BatchNormalization n in norms) n.AccumulateStatistics(standing: false);
        generator.Train(training);
    }

    public void Dispose()
    {
        foreach ((Parameter buffer, float[] values) in before) buffer.Assign(values);
    }

    // All classes in turn.
    static Condition? Classes(ModelConfig m, int pass, Kernels.Device device) => m.Conditional
        ? new Condition(IndexTensor.From([.. Enumerable.Range(0, BatchSize).Select(i => (pass * BatchSize + i) % m.Classes)], device))
        : null;
}
