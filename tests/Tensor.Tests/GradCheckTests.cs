using System.Reflection;
using Sagan.Native.Checks;
using Sagan.Native.Kernels;
using Sagan.Native.Tests.StandIn;

namespace Sagan.Native.Tests;

public class GradCheckTests
{
    // Measured with float32 storage: order 1 below 2e-5, order 2 below 1e-4 for every operation.
    const double FirstOrder = 1e-4, SecondOrder = 5e-4;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, OpCases.All.Count)];

    [Theory, MemberData(nameof(Cases))]
    public void Gradients_agree_with_finite_differences_on_reference(int index) => Check(OpCases.All[index], Device.Reference);

    [Theory, MemberData(nameof(Cases))]
    public void Gradients_agree_with_finite_differences_on_cpu(int index) => Check(OpCases.All[index], Device.Cpu);

    [Theory, MemberData(nameof(Cases))]
    public void Cpu_agrees_with_reference_in_value_and_gradients(int index) => Compare(OpCases.All[index], Device.Cpu);

    [Theory, MemberData(nameof(Cases))]
    public void Gpu_agrees_with_reference_in_value_and_gradients(int index) => Compare(OpCases.All[index], TestGpu.Device);

    [Fact]
    public void Every_public_operation_has_a_case()
    {
        HashSet<string> covered = [.. OpCases.All.Select(c => c.Op)];
        string[] missing = [.. typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => m.ReturnType == typeof(Tensor)).Select(m => m.Name).Distinct().Where(n => !covered.Contains(n))];
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_case_names_an_operation()
    {
        HashSet<string> names = [.. typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(m => m.Name)];
        Assert.All(OpCases.All, c => Assert.Contains(c.Op, names));
    }

    static void Check(OpCase c, Device device)
    {
        if (!c.Smooth) return;
        GradErrors e = Step.Run(() => GradCheck.Run(c.F, c.MakeInputs(device), new RandomSource(7)));
        Assert.True(e.First < FirstOrder && e.Second < SecondOrder, $"{c} on {device}: order 1 {e.First:G3}, order 2 {e.Second:G3}");
    }

    static void Compare(OpCase c, Device device) => Step.Run(() =>
    {
        float[][] reference = Evaluate(c, Device.Reference), actual = Evaluate(c, device);
        for (int i = 0; i < reference.Length; i++)
        {
            double scale = Math.Max(1, reference[i].DefaultIfEmpty().Max(Math.Abs));
            for (int k = 0; k < reference[i].Length; k++)
                Assert.True(Math.Abs(reference[i][k] - actual[i][k]) <= 2e-5 * scale,
                    $"{c} on {device}: {(i == 0 ? "value" : $"gradient {i - 1}")}[{k}] is {actual[i][k]}, reference {reference[i][k]}");
        }
    });

    static float[][] Evaluate(OpCase c, Device device)
    {
        Tensor[] x = [.. c.MakeInputs(device).Select(t => t.RequireGrad())];
        Tensor y = c.F(x);
        float[] g = [.. Enumerable.Range(0, y.Count).Select(i => MathF.Sin(1 + i))];
        float[] value = y.ToArray();
        if (!y.IsTracked) return [value];
        Tensor[] d = Autograd.Grad(Ops.Sum(y * Tensor.From(g, y.Shape, device)), x);
        return [value, .. d.Select(t => t.ToArray())];
    }
}
