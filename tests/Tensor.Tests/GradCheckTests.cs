using System.Reflection;
using Sagan.Native.Checks;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

public class GradCheckTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, OpCases.All.Count)];

    [Theory, MemberData(nameof(Cases)), Quick]
    public void Gradients_agree_with_finite_differences_on_reference(int index) => Check(OpCases.All[index], Device.Reference);

    [Theory, MemberData(nameof(Cases)), Quick]
    public void Gradients_agree_with_finite_differences_on_cpu(int index) => Check(OpCases.All[index], Device.Cpu);

    [Theory, MemberData(nameof(Cases)), Quick]
    public void Cpu_agrees_with_reference_in_value_and_gradients(int index) => Compare(OpCases.All[index], Device.Cpu);

    [Theory, MemberData(nameof(Cases))]
    public void Gpu_agrees_with_reference_in_value_and_gradients(int index) => Compare(OpCases.All[index], TestGpu.Device);

    static readonly string[] WithProducts = ["MatMul", "Conv2d", "ConvTranspose2d", "SpectralNorm", "Attention"];

    public static TheoryData<int> CasesWithProducts => [.. Enumerable.Range(0, OpCases.All.Count).Where(HasProducts)];

    static bool HasProducts(int index) => WithProducts.Any(p => OpCases.All[index].Op.StartsWith(p, StringComparison.Ordinal));

    // A device without tensor cores stays at the highest precision, and is then held to its tolerance.
    [Theory, MemberData(nameof(CasesWithProducts))]
    public void Gpu_agrees_with_reference_up_to_the_rounding_of_factors(int index)
    {
        (OpCase c, Device device) = (OpCases.All[index], TestGpu.Device);
        try
        {
            foreach (MatMulPrecision precision in (MatMulPrecision[])[MatMulPrecision.High, MatMulPrecision.Medium])
            {
                device.MatMulPrecision = precision;
                DeviceDifference d = DeviceCheck.Run(c, device, Device.Reference);
                Assert.True(d.Error <= DeviceCheck.ToleranceOf(device.MatMulPrecision), $"{c} on {device}: {d}");
            }
        }
        finally
        {
            device.MatMulPrecision = MatMulPrecision.Highest;
        }
    }

    [Fact, Quick]
    public void Device_check_names_the_worst_element()
    {
        Assert.Equal(new DeviceDifference("value", 0, 0, 0, 0), DeviceCheck.Run(OpCases.All[0], Device.Reference, Device.Reference));

        // 2x + (0, 0, 0.5) on the one, 2x on the other: the value is wrong at one place, the gradients are right.
        OpCase shifted = new("Shifted", "", [new Shape(3)], t => t[0].Device == Device.Cpu
            ? 2 * t[0] + Tensor.From([0, 0, 0.5f], new Shape(3)) : 2 * t[0]);
        DeviceDifference d = DeviceCheck.Run(shifted, Device.Cpu, Device.Reference);
        Assert.Equal(("value", 2, 0.5), (d.Output, d.Element, Math.Round(d.Actual - d.Expected, 6)));

        // The square root of a negative number: a NaN against a number is the worst there is, wherever it stands.
        OpCase poisoned = new("Poisoned", "", [new Shape(2), new Shape(2)],
            t => t[0] * (t[0].Device == Device.Cpu ? Ops.Sqrt(-2 - Ops.Square(t[1])) : t[1]));
        DeviceDifference nan = DeviceCheck.Run(poisoned, Device.Cpu, Device.Reference);
        Assert.Equal((0, float.NaN, double.PositiveInfinity), (nan.Element, nan.Actual, nan.Error));
    }

    [Fact, Quick]
    public void Every_public_operation_has_a_case()
    {
        HashSet<string> covered = [.. OpCases.All.Select(c => c.Op)];
        string[] missing = [.. typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(m => m.ReturnType == typeof(Tensor))
            .Select(m => m.Name).Distinct().Where(n => !covered.Contains(n))];
        Assert.True(missing.Length == 0, $"operations without a case: {string.Join(", ", missing)}. Add a line for each to OpCases.All in "
            + "src/Tensor/Checks/OpCases.cs, "
            + $"such as  new(nameof({missing.FirstOrDefault()}), \"\", [S(3, 17)], t => {missing.FirstOrDefault()}(t[0])),");
    }

    [Fact, Quick]
    public void Every_case_names_an_operation()
    {
        HashSet<string> names = [.. typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(m => m.Name)];
        string[] unknown = [.. OpCases.All.Select(c => c.Op).Distinct().Where(op => !names.Contains(op))];
        Assert.True(unknown.Length == 0, $"cases in src/Tensor/Checks/OpCases.cs that name no public method of Ops: "
            + $"{string.Join(", ", unknown)}. Write nameof(...) of the method they check.");
    }

    static void Check(OpCase c, Device device)
    {
        if (!c.Smooth) return;
        Step.Run(() => GradCheck.Assert(c.F, c.MakeInputs(device), options: new GradCheckOptions { Device = device }));
    }

    static void Compare(OpCase c, Device device)
    {
        DeviceDifference d = DeviceCheck.Run(c, device, Device.Reference);
        Assert.True(d.Error <= DeviceCheck.Tolerance, $"{c} on {device}: {d}");
    }
}
