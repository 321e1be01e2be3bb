using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Tests;

[Quick]
public class AdamTests
{
    // Three parameters, of which two begin late, and one of these pauses: each moves as under an optimiser of its own that takes only its
    // steps.
    [Theory]
    [InlineData("cpu")]
    [InlineData("reference")]
    public void A_parameter_without_a_gradient_is_left_out_and_its_own_steps_count(string name)
    {
        Device device = Device.Parse(name);
        int[][] takesPart = [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5], [3, 5]];
        Parameter[] together = Make(), alone = Make();
        Adam adam = New(together);
        Adam[] own = [.. alone.Select(p => New([p]))];
        for (int step = 0; step < 6; step++)
            Step.Run(() =>
            {
                RandomSource random = new(7, (ulong)step);
                Tensor?[] g = [.. takesPart.Select(steps => steps.Contains(step) ? random.Normal(new Shape(5), device) : null)];
                float[][] before = [.. together.Select(p => p.Value.ToArray())];
                adam.Step(g);
                for (int i = 0; i < 3; i++)
                {
                    if (g[i] is { } gradient) own[i].Step([gradient]);
                    else Assert.Equal(before[i], together[i].Value.ToArray());
                    Assert.Equal(alone[i].Value.ToArray(), together[i].Value.ToArray());
                }
            });
        Assert.Equal([0, 2, 4], adam.SkippedSteps.ToArray());
        Assert.Equal(6, adam.StepCount);
        foreach (((_, Parameter m, Parameter v), Adam single) in adam.State().Zip(own))
        {
            (_, Parameter ownM, Parameter ownV) = single.State().Single();
            Assert.Equal(ownM.Value.ToArray(), m.Value.ToArray());
            Assert.Equal(ownV.Value.ToArray(), v.Value.ToArray());
        }

        Parameter[] Make() =>
            [.. takesPart.Select((_, i) => new Parameter($"p{i}", new RandomSource(1, (ulong)i).Normal(new Shape(5), device)))];

        static Adam New(IReadOnlyList<Parameter> parameters) => new(parameters, 0.1f, 0.5, 0.9);
    }

    // 0.99999f is 0.9999900: 1.00136e-5 away from 1.
    [Theory]
    [InlineData("cpu")]
    [InlineData("reference")]
    public void Moments_move_by_one_minus_beta_of_the_double(string name)
    {
        Device device = Device.Parse(name);
        Parameter p = new("p", Tensor.From([0], new Shape(1), device));
        Adam adam = new([p], 1e-3f, 0.99999, 0.999999);
        Step.Run(() => adam.Step([Tensor.From([1], new Shape(1), device)]));
        (_, Parameter m, Parameter v) = adam.State().Single();
        Assert.Equal((1e-5f, 1e-6f), (m.Value.Item(), v.Value.Item()));
        Assert.Equal(-1e-3, p.Value.Item(), 1e-9);
        // They rest where they should: at g and g^2.
        m.Assign([1]);
        v.Assign([1]);
        for (int i = 0; i < 1000; i++) Step.Run(() => adam.Step([Tensor.From([1], new Shape(1), device)]));
        Assert.Equal((1f, 1f), (m.Value.Item(), v.Value.Item()));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("reference")]
    public void Moments_of_beta_0_are_the_gradient_and_its_square(string name)
    {
        Device device = Device.Parse(name);
        Adam adam = new([new Parameter("p", Tensor.From([0], new Shape(1), device))], 1e-3f, 0, 0);
        foreach (float g in new[] { 1e6f, 1e-6f }) Step.Run(() => adam.Step([Tensor.From([g], new Shape(1), device)]));
        (_, Parameter m, Parameter v) = adam.State().Single();
        Assert.Equal((1e-6f, 1e-6f * 1e-6f), (m.Value.Item(), v.Value.Item()));
    }

    [Theory]
    [InlineData(0.99999, 1e-5f)]
    [InlineData(0.9999999, 1e-7f)]
    [InlineData(0.999, 1e-3f)]
    public void A_moving_average_moves_by_one_minus_decay_of_the_double(double decay, float expected)
    {
        Parameter source = new("w", Tensor.Scalar(0)), average = new("w", Tensor.Scalar(0));
        ExponentialMovingAverage ema = new(new One(average), new One(source), decay);
        source.Assign([1]);
        ema.Update();
        Assert.Equal(expected, average.Value.Item());
    }

    [Fact]
    public void A_parameter_moved_all_the_way_is_the_target()
    {
        Parameter p = new("p", Tensor.Scalar(float.NaN));
        p.Lerp(Tensor.Scalar(0.1f), 1);
        Assert.Equal(0.1f, p.Value.Item());
        p.Assign([1e9f]);
        p.Lerp(Tensor.Scalar(0.1f), 1);
        Assert.Equal(0.1f, p.Value.Item());
    }

    sealed class One : Module
    {
        public One(Parameter p) => Own(p);

        protected override Tensor Forward(Tensor x) => x;
    }
}
