using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Optim;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>Tests that count the live storages of a device: no other test may use it meanwhile.</summary>
[CollectionDefinition("live storages", DisableParallelization = true)]
public sealed class LiveStorages;

[Collection("live storages")]
public class ModelTests
{
    [Fact]
    public void Sagan64_has_the_published_number_of_parameters()
    {
        Initializer init = new(new RandomSource(1), device: Device.Reference);
        Assert.Equal(3_832_885, Generator.Create(new ModelConfig(), init).ParameterCount);
        Assert.Equal(3_175_299, Discriminator.Create(new ModelConfig(), init).ParameterCount);
    }

    [Theory]
    [InlineData(LossKind.Hinge)]
    [InlineData(LossKind.WganGp)]
    [InlineData(LossKind.WganGpTwoStep)]
    public void A_step_runs_and_leaves_no_tensor_behind(LossKind loss)
    {
        Device device = Device.Reference;
        ModelConfig spec = new() { Size = 16, ConvDim = 8, ZDim = 6, GAttention = [8], DAttention = [4], InitialGamma = 0.3 };
        Generator g = Generator.Create(spec, new Initializer(new RandomSource(1), device: device));
        Discriminator d = Discriminator.Create(spec, new Initializer(new RandomSource(2), device: device));
        GanStep step = new(g, d, new Adam(g.Parameters, 1e-3f, 0, 0.9), new Adam(d.Parameters, 1e-3f, 0, 0.9),
            new LossConfig { Kind = loss });
        RandomSource random = new(3);
        int live = 0;
        Garbage.Collect();
        for (int i = 0; i < 3; i++)
        {
            (float dl, float gl) = Step.Run(() =>
            {
                Tensor real = random.Uniform(new Shape(4, 16, 16, 3), -1, 1, device);
                Tensor dLoss = step.Discriminator(
                    new DiscriminatorInput(real, random.Normal(new Shape(4, 6), device))
                    {
                        Alpha = random
                        .Uniform(new Shape(4), device: device)
                    }).Loss;
                Tensor gLoss = step.Generator(random.Normal(new Shape(4, 6), device));
                return (dLoss.Item(), gLoss.Item());
            });
            Assert.True(float.IsFinite(dl) && float.IsFinite(gl));
            if (i == 0) live = device.Pool.LiveCount;
            Assert.Equal(live, device.Pool.LiveCount);
        }
    }
}
