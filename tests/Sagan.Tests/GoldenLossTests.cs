using System.Text.Json;
using Sagan.Native.Kernels;
using Sagan.Native.Losses;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Tests;

/// <summary>
/// Losses, penalties and regularisers against PyTorch's float64 results: values, and gradients by scores or by weights of a small critic.
/// </summary>
[Quick]
public class GoldenLossTests(ITestOutputHelper output)
{
    /// <summary>Relative to the largest element. Measured: at most 3e-7.</summary>
    const double Tolerance = 2e-6;

    /// <summary>For gradients of gradients through a critic with attention. Measured: at most 1.4e-6, and 4.2e-6 of the terms where two
    /// scores are subtracted.</summary>
    const double CriticTolerance = 1e-5;

    protected virtual Device Device => Device.Cpu;

    public static TheoryData<string, LossKind> Losses()
    {
        TheoryData<string, LossKind> all = [];
        foreach (LossKind kind in Enum.GetValues<LossKind>())
        {
            all.Add("moderate", kind);
            all.Add("extreme", kind);
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void Losses_agree_with_PyTorch(string scores, LossKind kind) => Step.Run(() =>
    {
        using GoldenFile file = new("sagan_losses");
        Tensor real = file.Tensor($"{scores}/real", Device).RequireGrad(), fake = file.Tensor($"{scores}/fake", Device).RequireGrad();
        string at = $"{scores}/{JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString())}";
        AdversarialLoss loss = AdversarialLoss.Of(kind);
        Tensor d = loss.Discriminator(real, fake), g = Ops.Mean(loss.Generator(fake));
        file.AssertClose($"{at}/d", d, Tolerance);
        file.AssertClose($"{at}/g", g, Tolerance);
        Tensor[] gradients = Autograd.Grad(d, [real, fake]);
        file.AssertClose($"{at}/d.real", gradients[0], Tolerance);
        file.AssertClose($"{at}/d.fake", gradients[1], Tolerance);
        file.AssertClose($"{at}/g.fake", Autograd.Grad(g, [fake])[0], Tolerance);
    });

    public static TheoryData<string> Critics()
    {
        using GoldenFile file = new("sagan_losses");
        return [.. file.Cases.Keys.Where(k => !k.StartsWith("orthogonal", StringComparison.Ordinal))];
    }

    [Theory]
    [MemberData(nameof(Critics))]
    public void Gradients_of_penalties_by_the_weights_of_a_critic_agree_with_PyTorch(string name)
    {
        using GoldenFile file = new("sagan_losses");
        FormulaCase c = new(file, name, Device);
        ModelConfig model = GoldenModel.Of(c.Config);
        Discriminator d = Discriminator.Create(model, new Initializer(new RandomSource(1), device: Device));
        c.Load(d);
        Step.Run(() =>
        {
            Shape images = new(3, 3, 16, 16), three = new(3);
            Tensor real = FormulaCase.Image($"{c.Salt}/real", images, Device), fake = FormulaCase.Image($"{c.Salt}/fake", images, Device);
            Tensor alpha = FormulaCase.Image($"{c.Salt}/alpha", three, Device, 0.5, 0.5);
            Tensor noise = FormulaCase.Image($"{c.Salt}/noise", images, Device, 0.5, 0.5);
            // Makes unit vectors of the formula's u and v.
            if (model.SpectralNorm == SpectralNormKind.Torch) d.Call(real);
            Func<Tensor, Tensor> score = x => SpectralNorm.Frozen(d, () => d.Call(x));
            string kind = name.Split('_') is [_, var second, _] ? second : name;
            Tensor value = kind switch
            {
                "consistency" => Consistency.Of(score(real), score, fake),
                "r1" => GradientPenalty.R1(score, real),
                _ => GradientPenalty.Of(GoldenModel.Kebab<LossKind>(kind), score, real, fake, alpha, noise)!,
            };
            file.AssertClose($"{name}/value", value, CriticTolerance, floor: 1e-3);
            (string, Parameter)[] weights = [.. d.State().Where(s => s.Parameter.IsTrainable)];
            Tensor[]? terms = kind == "consistency" ? Autograd.Grad(Consistency.Of(score(real), x => score(x).Detach(), fake), d.Parameters)
                : null;
            c.CompareGradients($"{name}/grad", weights, Autograd.Grad(value, d.Parameters), CriticTolerance, terms);
        });
        output.WriteLine($"{c.Worst.Error:G2} in {c.Worst.Key}");
    }

    [Fact]
    public void LeCam_follows_PyTorch_over_several_steps()
    {
        using GoldenFile file = new("sagan_losses");
        LeCam leCam = new(0.9, Device);
        for (int i = 0; i < 4; i++)
            Step.Run(() =>
            {
                Tensor real = FormulaCase.Image($"lecam/s{i}.real", new Shape(5), Device, 0.7, 1.5).RequireGrad();
                Tensor fake = FormulaCase.Image($"lecam/s{i}.fake", new Shape(5), Device, -0.4, 1.5).RequireGrad();
                Tensor value = leCam.Of(real, fake);
                file.AssertClose($"lecam/s{i}.value", value, Tolerance);
                Tensor[] gradients = Autograd.Grad(value, [real, fake]);
                file.AssertClose($"lecam/s{i}.grad.real", gradients[0], Tolerance);
                file.AssertClose($"lecam/s{i}.grad.fake", gradients[1], Tolerance);
                leCam.Update(Ops.Mean(real.Detach()), Ops.Mean(fake.Detach()));
                file.AssertClose($"lecam/s{i}.averages", [.. leCam.State.Select(p => p.Value.Item())], Tolerance);
            });
    }

    // A gradient is compared along one direction, relative to its largest element times the root of their number. Of a single row it is 0,
    // and what is left is the rounding of |w|^2 w - |w|^2 w.
    [Theory]
    [InlineData("orthogonal_resnet16_shared")]
    [InlineData("orthogonal_resnet16_table")]
    [InlineData("orthogonal_dcgan_conditional")]
    public void Orthogonal_regularisation_agrees_with_BigGANs(string name)
    {
        using GoldenFile file = new("sagan_losses");
        FormulaCase c = new(file, name, Device);
        Generator g = Generator.Create(GoldenModel.Of(c.Config), new Initializer(new RandomSource(1), device: Device));
        c.Load(g);
        Step.Run(() =>
        {
            Tensor value = OrthogonalRegularization.Of(g);
            file.AssertClose($"{name}/value", value, CriticTolerance);
            (string Name, Parameter Parameter)[] weights = [.. g.State().Where(s => s.Parameter.IsTrainable)];
            Tensor[] gradients = Autograd.Grad(value, g.Parameters);
            for (int i = 0; i < weights.Length; i++)
            {
                (string key, Parameter p) = weights[i];
                float[] gradient = GoldenFile.InFileLayout(p, gradients[i]),
                    direction = FormulaCase.Values($"{name}/direction.{key}", gradient.Length);
                double along = 0, expected = file.Floats($"{name}/along.{key}")[0], largest = file.Floats($"{name}/largest.{key}")[0];
                for (int k = 0; k < gradient.Length; k++) along += (double)gradient[k] * direction[k];
                double error = Math.Abs(along - expected);
                Assert.True(error <= CriticTolerance * Math.Max(largest, 0.01) * Math.Sqrt(gradient.Length), $"{key}: {along} along the "
                    + $"direction, expected {expected}");
            }
        });
    }

    [Fact]
    public void The_mean_of_the_best_k_agrees_with_PyTorch() => Step.Run(() =>
    {
        using GoldenFile file = new("sagan_losses");
        Tensor losses = FormulaCase.Image("top-k/losses", new Shape(7), Device).RequireGrad(),
            scores = FormulaCase.Image("top-k/scores", new Shape(7), Device);
        Tensor value = TopK.Mean(losses, scores, 3);
        file.AssertClose("top-k/value", value, Tolerance);
        file.AssertClose("top-k/grad", Autograd.Grad(value, [losses])[0], Tolerance);
    });
}

/// <summary>The same on a GPU.</summary>
public sealed class GpuGoldenLossTests(ITestOutputHelper output)
{
    [Fact]
    public void All_of_it_holds() => Suite.RunAll(new OnGpu(output, NetworkGpu.Device));

    sealed class OnGpu(ITestOutputHelper output, Device device) : GoldenLossTests(output)
    {
        protected override Device Device => device;
    }
}
