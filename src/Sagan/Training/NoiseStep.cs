using Sagan.Native.Kernels;
using Sagan.Native.Models;

namespace Sagan.Native.Training;

/// <summary>
/// The updates of a training step on images of noise, of networks of their own: what measuring a step, recording its kernels and warming a
/// device up need. Tensors that it returns belong to the <see cref="Step"/> around the call.
/// </summary>
sealed class NoiseStep
{
    readonly TrainingState state;
    readonly float[] pixels;
    readonly int[] classes;
    readonly Shape shape;

    public NoiseStep(RunConfig config, Device? device = null)
    {
        (int n, ModelConfig m) = (config.Training.Batch, config.Model);
        state = new TrainingState(config with { Model = m.WithSomeClasses() }, device);
        shape = new Shape(n, m.Size, m.Size, m.Channels);
        pixels = Step.Run(() => new RandomSource(config.Training.Seed).Uniform(shape, -1, 1).ToArray());
        classes = new int[n];
    }

    public Device Device => state.Device;

    /// <summary>Updates D; returns its loss.</summary>
    public Tensor Discriminator(long draw) =>
        state.Step.Discriminator(state.Input(Tensor.From(pixels, shape, Device), classes, draw)).Loss;

    /// <summary>Updates G; returns its loss.</summary>
    public Tensor Generator(long draw)
    {
        Tensor z = state.Z(draw, classes.Length);
        return state.Step.Generator(z, state.Classes(draw, classes.Length, classes), draw,
            state.Config.Loss.LatentDiversity > 0 ? state.NearZ(draw, z) : null);
    }

    /// <summary>Updates the moving average, where the configuration has one.</summary>
    public void Average() => state.Ema?.Update();
}
