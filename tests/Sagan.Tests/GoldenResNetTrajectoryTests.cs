using System.Text.Json;
using Sagan.Native.Data;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;
using Sagan.Native.Optim;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

/// <summary>
/// Training steps of a small conditional ResNet against the same steps computed by PyTorch in float64, from the same weights, images, noise
/// and classes: see tests/golden/README.md. Measured: losses within 2e-6, weights within 1e-5.
/// </summary>
[Quick]
public class GoldenResNetTrajectoryTests(ITestOutputHelper output)
{
    const int Batch = 4;

    protected virtual Device Device => Device.Cpu;

    [Theory]
    [InlineData("resnet")]
    [InlineData("resnet_accumulated")]
    [InlineData("resnet_two_d_steps")]
    [InlineData("resnet_regularized")]
    [InlineData("resnet_latent")]
    public void Losses_and_weights_follow_pytorch(string name)
    {
        using GoldenFile golden = new("trajectory_" + name);
        JsonElement run = Json("run"), state = Json("state");
        ModelConfig model = GoldenModel.Of(Json("config"));
        Initializer init = new(new RandomSource(1), device: Device);
        Generator g = Generator.Create(model, init), average = Generator.Create(model, init);
        Discriminator d = Discriminator.Create(model, init);
        FormulaCase.Load(g.State(), state.GetProperty("g"), $"trajectory_{name}/g");
        FormulaCase.Load(d.State(), state.GetProperty("d"), $"trajectory_{name}/d");
        ExponentialMovingAverage ema = new(average, g, 0.9, start: 2);
        Adam ofG = new(g.Parameters, 1e-3f, 0, 0.9, 1e-4f), ofD = new(d.Parameters, 4e-3f, 0, 0.9, 1e-4f);
        LossConfig loss = Loss(run);
        GanStep step = new(g, d, ofG, ofD, loss, parts: (int)Number("parts", 1), latent: LatentOptimization.Create(loss, 1));

        float[] dLoss = golden.Floats("log/d_loss"), gLoss = golden.Floats("log/g_loss");
        Queue<string> draws = new(Json("draws").EnumerateArray().Select(s => s.GetString()!));
        double lossError = 0;
        for (int i = 0, k = 0; i < gLoss.Length; i++)
        {
            for (int n = 0; n < Number("d_steps", 1); n++, k++)
                lossError = Math.Max(lossError, Math.Abs(Step.Run(() => step.Discriminator(Draw(draws.Dequeue())).Loss.Item()) - dLoss[k]));
            float l = Step.Run(() =>
            {
                DiscriminatorInput x = Draw(draws.Dequeue());
                return step.Generator(x.Z, x.FakeClasses).Item();
            });
            lossError = Math.Max(lossError, Math.Abs(l - gLoss[i]));
            ema.Update();
        }

        (double weightError, string worst) = (0, "");
        Compare("g", g);
        Compare("d", d);
        if (golden.Contains("final/ema.linear.bias")) Compare("ema", average);
        output.WriteLine($"losses {lossError:G2}, weights {weightError:G2} in {worst}");
        Assert.True(lossError <= 1e-4, $"{name}: largest error of a loss {lossError:G3}");
        Assert.True(weightError <= 1e-4, $"{name}: largest error of a weight {weightError:G3} in {worst}");

        JsonElement Json(string key) => JsonDocument.Parse(golden.Reader.Metadata[key]).RootElement;

        double Number(string key, double otherwise) => run.TryGetProperty(key, out JsonElement n) ? n.GetDouble() : otherwise;

        void Compare(string net, Module module)
        {
            foreach ((string key, Parameter p) in module.State())
            {
                float[] expected = golden.Floats($"final/{net}.{key}"), actual = StateDict.Saved(p);
                Assert.Equal(expected.Length, actual.Length);
                for (int i = 0; i < expected.Length; i++)
                    if (!(Math.Abs(actual[i] - expected[i]) <= weightError))
                        (weightError, worst) = (Math.Abs(actual[i] - expected[i]), $"{net}.{key}");
            }
        }

        DiscriminatorInput Draw(string salt) => new(FormulaCase.Image($"{salt}/real", new Shape(Batch, 3, 16, 16), Device),
            FormulaCase.Image($"{salt}/z", new Shape(Batch, model.ZDim), Device, 0, Number("z_scale", 1.7)))
        {
            RealClasses = Classes($"{salt}/real_classes"),
            FakeClasses = Classes($"{salt}/fake_classes"),
        };

        int[] Classes(string key) => [.. FormulaCase.Values(key, Batch).Select(u => (int)((u + 1.0) / 2 * model.Classes))];
    }

    static LossConfig Loss(JsonElement run)
    {
        return new LossConfig
        {
            Kind = run.TryGetProperty("loss", out JsonElement kind) ? GoldenModel.Kebab<LossKind>(kind.GetString()!) : LossKind.Hinge,
            R1 = Number("r1", 0),
            R1Every = (int)Number("r1_every", 1),
            LeCam = Number("lecam", 0),
            LeCamDecay = Number("lecam_decay", 0.9),
            TopK = Number("top_k", 1),
            TopKSteps = 2,
            Orthogonal = Number("orthogonal", 0),
            LatentOptimization = Number("lo_alpha", 0),
            LatentOptimizationDamping = Number("lo_beta", 1),
            LatentOptimizationSteps = (int)Number("lo_steps", 1),
            LatentOptimizationShare = 1,
            LatentOptimizationCost = Number("lo_cost", 0),
        };

        double Number(string key, double otherwise) => run.TryGetProperty(key, out JsonElement n) ? n.GetDouble() : otherwise;
    }
}

/// <summary>The same on a GPU. Measured on PoCL: losses within 3e-6, weights within 3e-6.</summary>
public sealed class GpuGoldenResNetTrajectoryTests(ITestOutputHelper output)
{
    [Fact]
    public void All_of_it_holds() => Suite.RunAll(new OnGpu(output, NetworkGpu.Device));

    sealed class OnGpu(ITestOutputHelper output, Device device) : GoldenResNetTrajectoryTests(output)
    {
        protected override Device Device => device;
    }
}
