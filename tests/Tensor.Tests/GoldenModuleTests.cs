using System.Text.Json;
using Sagan.Native.IO;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;
using SpectralNorm = Sagan.Native.Modules.SpectralNorm;

namespace Sagan.Native.Tests;

/// <summary>
/// Every module, Adam and the moving average against PyTorch's float64 results, from state loaded under PyTorch's names: outputs,
/// gradients, and the buffers after every step.
/// </summary>
[Quick]
public sealed class GoldenModuleTests(ITestOutputHelper output)
{
    /// <summary>Relative to the largest element of a tensor. Measured: at most 4e-7, and 1.3e-6 for the second order of
    /// self-attention.</summary>
    const double Tolerance = 2e-6;

    static readonly Dictionary<string, Func<Initializer, Module>> modules = new()
    {
        ["linear"] = init => new Linear(5, 7, init),
        ["conv2d"] = init => new Conv2d(3, 5, 4, init, stride: 2, padding: 1),
        ["conv_transpose2d"] = init => new ConvTranspose2d(3, 5, 4, init, stride: 2, padding: 1),
        ["batch_norm2d"] = init => new BatchNorm2d(3, init),
        ["embedding"] = init => new Embedding(6, 4, init),
        ["self_attention"] = init => new SelfAttention(16, init),
    };

    public static TheoryData<string, string> Cases() => GoldenFile.CasesOnEveryDevice("modules");

    [Theory]
    [MemberData(nameof(Cases))]
    public void Agrees_with_PyTorch(string name, string device)
    {
        using GoldenFile file = new("modules");
        Device on = Device.Parse(device);
        double worst = name == "ema" ? RunAverage(file, on)
            : name.StartsWith("adam", StringComparison.Ordinal) ? RunAdam(file, name, on)
            : RunModule(file, name, on);
        output.WriteLine($"{worst:G2}");
    }

    static Module Build(string name, Device device)
    {
        Initializer init = new(new RandomSource(1), device: device);
        const string Torch = "spectral_norm_torch_", Heykeetae = "spectral_norm_hk_";
        if (name.StartsWith(Torch, StringComparison.Ordinal)) return Normalized(Torch, SpectralNormConvention.Torch);
        if (name.StartsWith(Heykeetae, StringComparison.Ordinal)) return Normalized(Heykeetae, SpectralNormConvention.Heykeetae);
        return modules[name](init);

        SpectralNorm Normalized(string prefix, SpectralNormConvention convention) =>
            new(modules[name[prefix.Length..]](init), init, convention);
    }

    static double RunModule(GoldenFile file, string name, Device device)
    {
        Module module = Build(name, device);
        StateDict.Load(file.Reader, module.State(), $"{name}/state.");
        double worst = 0;
        string[] modes = [.. file.Cases[name].GetProperty("steps").EnumerateArray().Select(m => m.GetString()!)];
        for (int i = 0; i < modes.Length; i++)
        {
            string step = $"{name}/s{i}";
            module.Train(modes[i] == "train");
            Step.Run(() =>
            {
                (string Name, Parameter Parameter)[] parameters = [.. module.State().Where(p => p.Parameter.IsTrainable)];
                bool indices = file.Reader[$"{step}.in"].Dtype == TensorDtype.I64;
                Tensor? x = indices ? null : file.Tensor($"{step}.in", device, channelsLast: true).RequireGrad();
                Tensor y = x != null ? module.Call(x) : Lookup(module, IndexTensor.From(file.Ints($"{step}.in"), device));
                worst = Math.Max(worst, file.AssertClose($"{step}.out", y, Tolerance, channelsLast: true));

                bool second = file.Contains($"{step}.grad2.in");
                Tensor[] wrt = x == null
                    ? [.. parameters.Select(p => p.Parameter.Value)] : [.. parameters.Select(p => p.Parameter.Value), x];
                Tensor[] gradients = Autograd.Grad(Ops.Sum(y * file.Tensor($"{step}.cotangent", device, channelsLast: true)), wrt,
                    createGraph: second);
                Compare($"{step}.grad", gradients);
                if (second)
                {
                    Tensor s = gradients.Select((g, k) => Ops.Sum(g * Direction(k))).Aggregate((a, b) => a + b);
                    Compare($"{step}.grad2", Autograd.Grad(s, wrt));
                }

                foreach (string buffer in file.Names($"{step}.state."))
                {
                    Parameter p = module.State().Single(p => p.Name == buffer).Parameter;
                    worst = Math.Max(worst, file.AssertClose($"{step}.state.{buffer}", StateDict.Saved(p), Tolerance));
                }

                void Compare(string what, Tensor[] values)
                {
                    for (int k = 0; k < parameters.Length; k++)
                    {
                        string gradient = $"{what}.{parameters[k].Name}";
                        // The key bias has gradient 0 in exact arithmetic. What is left is the rounding of terms as large as the key
                        // weight's.
                        double floor = parameters[k].Name == "key_conv.bias" ? file.Largest($"{what}.key_conv.weight") : 0.1;
                        worst = Math.Max(worst, file.AssertClose(gradient, GoldenFile.InFileLayout(parameters[k].Parameter, values[k]),
                            Tolerance, floor));
                    }
                    if (x != null) worst = Math.Max(worst, file.AssertClose($"{what}.in", values[^1], Tolerance, channelsLast: true));
                }

                Tensor Direction(int k)
                {
                    if (k == parameters.Length) return file.Tensor($"{step}.direction.in", device, channelsLast: true);
                    Parameter p = parameters[k].Parameter;
                    Parameter direction = GoldenFile.LaidOutAs(p, Tensor.Zeros(p.Shape, device));
                    StateDict.Assign(direction, file.Floats($"{step}.direction.{parameters[k].Name}"));
                    return direction.Value.Detach();
                }
            });
        }
        return worst;
    }

    static Tensor Lookup(Module module, IndexTensor index) => module is SpectralNorm n ? n.Call(index) : ((Embedding)module).Call(index);

    static double RunAdam(GoldenFile file, string name, Device device)
    {
        JsonElement c = file.Cases[name];
        Parameter[] p = [.. Enumerable.Range(0, 2).Select(i => new Parameter($"p{i}", file.Tensor($"{name}/p{i}", device)))];
        Adam adam = new(p, c.GetProperty("learningRate").GetSingle(), c.GetProperty("beta1").GetSingle(),
            c.GetProperty("beta2").GetSingle(),
            c.GetProperty("epsilon").GetSingle(), c.GetProperty("form").GetString() == "torch" ? AdamForm.Torch : AdamForm.TensorFlow);
        double worst = 0;
        for (int step = 0; step < c.GetProperty("steps").GetInt32(); step++)
        {
            Step.Run(() => adam.Step([.. p.Select((_, i) => file.Tensor($"{name}/s{step}.grad{i}", device))]));
            for (int i = 0; i < p.Length; i++) worst = Math.Max(worst, file.AssertClose($"{name}/s{step}.p{i}", p[i].Value, Tolerance));
        }
        return worst;
    }

    static double RunAverage(GoldenFile file, Device device)
    {
        Initializer init = new(new RandomSource(1), device: device);
        Linear source = new(4, 3, init, bias: false), average = new(4, 3, init, bias: false);
        source.Parameters[0].Assign(file.Floats("ema/average"));
        ExponentialMovingAverage ema = new(average, source, file.Cases["ema"].GetProperty("decay").GetSingle());
        double worst = 0;
        for (int step = 0; step < file.Cases["ema"].GetProperty("steps").GetInt32(); step++)
        {
            source.Parameters[0].Assign(file.Floats($"ema/s{step}.value"));
            ema.Update();
            worst = Math.Max(worst, file.AssertClose($"ema/s{step}.average", average.Parameters[0].Value, Tolerance));
        }
        return worst;
    }

    /// <summary>What the script wrote is what our writer writes: order, alignment, metadata, bytes.</summary>
    [Fact]
    public void Golden_files_are_written_back_byte_for_byte()
    {
        foreach (string path in Directory.GetFiles(GoldenFile.Folder, "*.safetensors"))
        {
            using SafetensorsReader r = new(path);
            SafetensorsWriter w = new();
            foreach ((string key, string value) in r.Metadata) w.Metadata.Add(key, value);
            foreach (SafetensorsEntry e in r.Entries)
                w.AddBytes(e.Name, e.Dtype, new Shape([.. e.Shape.Select(n => (int)n)]), r.ReadBytes(e.Name));
            using MemoryStream s = new();
            w.Write(s);
            Assert.Equal(File.ReadAllBytes(path), s.ToArray());
        }
    }
}
