using Sagan.Native.Kernels;
using Sagan.Native.Optim;

namespace Sagan.Native.Tests;

public class AdamTests
{
    // Three parameters, of which two begin late, and one of these pauses: each moves as under an optimiser of its own that takes only its steps.
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
        Assert.Equal([0, 2, 4], adam.Missed.ToArray());
        Assert.Equal(6, adam.StepCount);
        foreach (((_, Parameter m, Parameter v), Adam single) in adam.State().Zip(own))
        {
            (_, Parameter ownM, Parameter ownV) = single.State().Single();
            Assert.Equal(ownM.Value.ToArray(), m.Value.ToArray());
            Assert.Equal(ownV.Value.ToArray(), v.Value.ToArray());
        }

        Parameter[] Make() => [.. takesPart.Select((_, i) => new Parameter($"p{i}", new RandomSource(1, (ulong)i).Normal(new Shape(5), device)))];

        static Adam New(IReadOnlyList<Parameter> parameters) => new(parameters, 0.1f, 0.5f, 0.9f);
    }
}
