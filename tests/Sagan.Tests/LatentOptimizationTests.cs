using Sagan.Native.Configuration;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

[Quick]
public class LatentOptimizationTests
{
    // A linear score has the slope w everywhere: each step is alpha w / (beta + |w|^2) = 0.5 (3, -4) / (25 + 25) = (0.03, -0.04).
    [Fact]
    public void A_step_is_the_formulas() => Step.Run(() =>
    {
        Tensor w = Tensor.From([3, -4], new Shape(2, 1)), z = Tensor.From([0, 0.5f, 0.98f, -0.97f], new Shape(2, 2));
        (Tensor once, Tensor cost) = new LatentOptimization(1, 0.5, 25).Move(z, x => Ops.MatMul(x, w), 0);
        AssertClose([0.03f, 0.46f, 1, -1], once);
        AssertClose([0.03f * 0.03f + 0.04f * 0.04f], cost);
        (Tensor twice, cost) = new LatentOptimization(1, 0.5, 25, steps: 2).Move(z, x => Ops.MatMul(x, w), 0);
        AssertClose([0.06f, 0.42f, 1, -1], twice);
        AssertClose([2 * (0.03f * 0.03f + 0.04f * 0.04f)], cost);
    });

    // The slope of f is taken by central differences with step 1/64: the error of a tanh's is about its third derivative times h^2 / 6,
    // below 1e-4.
    [Fact]
    public void The_direction_is_the_slope_of_the_score() => Step.Run(() =>
    {
        RandomSource random = new(3);
        Tensor a = 0.5f * random.Normal(new Shape(4, 5)), b = random.Normal(new Shape(5, 1)),
            z = random.Uniform(new Shape(3, 4), -0.5f, 0.5f);
        Func<Tensor, Tensor> score = x => Ops.MatMul(Ops.Tanh(Ops.MatMul(x, a)), b);
        float[] moved = new LatentOptimization(1, 0.2, 0.7).Move(z, score, 0).Z.ToArray(), before = z.ToArray();
        const float H = 1 / 64f;
        for (int i = 0; i < 3; i++)
        {
            double[] g = [.. Enumerable.Range(0, 4).Select(k => (Score(i, k, H) - Score(i, k, -H)) / (2.0 * H))];
            double squared = g.Sum(x => x * x);
            for (int k = 0; k < 4; k++) Assert.Equal(before[4 * i + k] + 0.2 * g[k] / (0.7 + squared), moved[4 * i + k], 2e-4);
        }

        float Score(int i, int k, float by)
        {
            float[] at = [.. before];
            at[4 * i + k] += by;
            return score(Tensor.From(at, new Shape(3, 4))).ToArray()[i];
        }
    });

    // 20,000 vectors: five standard deviations are 0.014.
    [Fact]
    public void A_share_of_the_vectors_moves_other_ones_at_each_draw_and_step() => Step.Run(() =>
    {
        const int N = 20_000;
        Tensor z = Tensor.Zeros(new Shape(N, 1));
        LatentOptimization half = new(1, 1, 1, share: 0.8), twice = new(1, 1, 1, steps: 2, share: 0.8);
        // The slope is 1, so a step is 1/2, two are 1.
        float[] first = half.Move(z, x => Ops.Sum(x, [1]), 7).Z.ToArray(), same = half.Move(z, x => Ops.Sum(x, [1]), 7).Z.ToArray();
        (Tensor moved, Tensor cost) = half.Move(z, x => Ops.Sum(x, [1]), 8);
        Assert.Equal(first, same);
        Assert.NotEqual(first, moved.ToArray());
        Assert.InRange(first.Count(v => v == 0.5f) / (double)N, 0.786, 0.814);
        Assert.All(first, v => Assert.True(v is 0 or 0.5f));
        // A vector that stays costs nothing.
        Assert.Equal(0.25 * moved.ToArray().Count(v => v != 0) / N, cost.Item(), 1e-5);
        float[] both = twice.Move(z, x => Ops.Sum(x, [1]), 7).Z.ToArray();
        Assert.InRange(both.Count(v => v == 1) / (double)N, 0.626, 0.654);
        Assert.InRange(both.Count(v => v == 0) / (double)N, 0.026, 0.054);
    });

    // Of z' and of the cost by the weights of the score, one step and two; five-point differences of float32 are good to 1e-3 as in
    // GradCheck.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Gradients_flow_through_the_steps_to_the_weights(int steps)
    {
        RandomSource random = new(5);
        Tensor a = 0.5f * random.Normal(new Shape(4, 5)), b = random.Normal(new Shape(5, 1)),
            z = random.Uniform(new Shape(3, 4), -0.3f, 0.3f);
        Tensor cotangent = random.Normal(z.Shape), direction = random.Normal(a.Shape);
        LatentOptimization latent = new(1, 0.2, 0.7, steps);
        Step.Run(() =>
        {
            Tensor leaf = a.RequireGrad(), g = Autograd.Grad(Loss(leaf), [leaf])[0];
            const float H = 1 / 64f;
            double numeric = (At(-2) - 8 * At(-1) + 8 * At(1) - At(2)) / (12 * H), analytic = Ops.Sum(g * direction).Item();
            double norm = Math.Sqrt(Ops.Sum(Ops.Square(g)).Item());
            Assert.True(norm > 0.05, $"{norm}");
            Assert.Equal(0, (numeric - analytic) / norm, 1e-3);

            double At(int k) => Loss(a + direction * (k * H)).Item();
        });

        Tensor Loss(Tensor weights)
        {
            (Tensor moved, Tensor cost) = latent.Move(z, x => Ops.MatMul(Ops.Tanh(Ops.MatMul(x, weights)), b), 0);
            return Ops.Sum(moved * cotangent) + 3 * cost;
        }
    }

    // Its passes leave u and v alone: the generator's move in the two passes that the networks learn from, as they do without it.
    [Theory]
    [InlineData(SpectralNormKind.Torch)]
    [InlineData(SpectralNormKind.Heykeetae)]
    [InlineData(SpectralNormKind.Official)]
    public void Spectral_norms_move_as_without_it(SpectralNormKind kind)
    {
        RunConfig plain = new()
        {
            Model = new()
            {
                Size = 16,
                ConvDim = 8,
                ZDim = 8,
                GAttention = [8],
                DAttention = [8],
                SpectralNorm = kind,
                Latent = LatentKind.Uniform
            },
        };
        RunConfig optimised = plain with { Loss = new() { LatentOptimization = 0.9 } };
        Dictionary<string, float[]> without = Pass(plain, out float loss), with = Pass(optimised, out float other);
        Assert.NotEmpty(with);
        Assert.All(with, v => Assert.Equal(without[v.Key], v.Value));
        Assert.NotEqual(loss, other);

        static Dictionary<string, float[]> Pass(RunConfig config, out float loss)
        {
            TrainingState state = new(config);
            loss = Step.Run(() =>
            {
                float d = state.Step.Discriminator(state
                    .Input(new RandomSource(9).Uniform(new Shape(4, 16, 16, 3), -1, 1), new int[4], 0)).Loss.Item();
                return d + state.Step.Generator(state.Z(1, 4), draw: 1).Item();
            });
            return state.Generator.State().Where(s => s.Name.EndsWith("weight_u", StringComparison.Ordinal))
                .ToDictionary(s => s.Name, s => s.Parameter.Value.ToArray());
        }
    }

    [Theory]
    [InlineData("loss.latentOptimization=-1", "must be 0 (none) to 100")]
    [InlineData("loss.latentOptimizationDamping=0", "must be above 0")]
    [InlineData("loss.latentOptimizationSteps=0", "must be 1 to 100")]
    [InlineData("loss.latentOptimizationShare=0", "must be above 0 and at most 1")]
    [InlineData("loss.latentOptimizationCost=-1", "must be 0 (none) to 1000000")]
    [InlineData("model.latent=normal", "take a uniform one: --set model.latent=uniform", "loss.latentOptimization=0.9")]
    [InlineData("model.family=upconv", "its slope means nothing", "loss.latentOptimization=0.9", "model.latent=uniform",
        "model.gAttention=16",
        "model.dAttention=4")]
    [InlineData("loss.latentConsistency=5", "leave one of them out", "loss.latentOptimization=0.9", "model.latent=uniform")]
    public void Configurations_that_make_no_sense_are_refused_with_the_way_out(string set, string expected, params string[] more)
    {
        ConfigException e = Assert.Throws<ConfigException>(() =>
            ResolvedConfig.Resolve(new ConfigSources { Preset = "demo", Set = [set, .. more] }));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_off_unless_asked_for()
    {
        Assert.Null(LatentOptimization.Create(new LossConfig(), 1));
        Assert.NotNull(LatentOptimization.Create(new LossConfig { LatentOptimization = 0.9 }, 1));
    }

    static void AssertClose(float[] expected, Tensor actual) =>
        Assert.All(expected.Zip(actual.ToArray()), p => Assert.Equal(p.First, p.Second, 1e-6f));
}
