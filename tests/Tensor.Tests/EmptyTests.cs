using Sagan.Native.Checks;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>
/// Every operation of the table with each of its sizes as 0: it says what the rule is, or computes what the reference device does,
/// gradients included.
/// </summary>
public class EmptyTests
{
    // Their u and v are made of the weight's sizes by the table itself.
    static bool Fits(OpCase c) =>
        !c.Op.Contains("Spectral", StringComparison.Ordinal) && !c.Op.Contains("PowerIteration", StringComparison.Ordinal)
        && !c.Variant.Contains("normalised", StringComparison.Ordinal);

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, OpCases.All.Count).Where(i => Fits(OpCases.All[i]))];

    [Theory, MemberData(nameof(Cases)), Quick]
    public void Cpu_does_what_reference_does(int index) => Compare(OpCases.All[index], Device.Cpu);

    [Theory, MemberData(nameof(Cases))]
    public void Gpu_does_what_reference_does(int index) => Compare(OpCases.All[index], TestGpu.Device);

    static void Compare(OpCase c, Device device)
    {
        Garble(device);
        foreach (int size in c.Shapes.SelectMany(s => s.ToArray()).Distinct())
        {
            OpCase empty = c with { Shapes = [.. c.Shapes.Select(s => new Shape([.. s.ToArray().Select(n => n == size ? 0 : n)]))] };
            string what = $"{c} with {size} as 0 on {device}";
            string? expected = Refusal(empty, Device.Reference), actual = Refusal(empty, device);
            Assert.True(expected == actual, $"{what}: {actual}, reference: {expected}");
            if (expected != null) continue;
            DeviceDifference d = DeviceCheck.Run(empty, device, Device.Reference);
            // A NaN is the mean of nothing; a number in its place would be as wrong as the other way round.
            Assert.True(d.Error <= DeviceCheck.Tolerance, $"{what}: {d}");
        }
    }

    // What a device's memory holds before: nothing that could pass for a result.
    static void Garble(Device device) => Step.Run(() =>
    {
        for (int n = 1; n <= 4096; n *= 2)
            for (int i = 0; i < 4; i++) Tensor.Full(float.NaN, new Shape(n), device);
    });

    // The message, where the sizes are refused: one line. Anything else that is thrown is a fault.
    static string? Refusal(OpCase c, Device device)
    {
        try
        {
            Step.Run(() => c.F([.. c.MakeInputs(device).Select(t => t.RequireGrad())]).ToArray());
            return null;
        }
        catch (ShapeException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            return e.Message;
        }
        catch (IndexOutOfRangeException e) when (c.Op is nameof(Ops.Gather) or nameof(Ops.GatherAlong) or nameof(Ops.ScatterAdd))
        {
            return e.Message;
        }
    }

    [Fact, Quick]
    public void Attention_without_keys_is_0() => Step.Run(() =>
    {
        Tensor q = Tensor.From([1, 2, 3, 4], new Shape(1, 2, 2)), k = Tensor.Zeros(new Shape(1, 0, 2)),
            v = Tensor.Zeros(new Shape(1, 0, 2));
        Assert.Equal([0, 0, 0, 0], Ops.Attention(q, k, v).ToArray());
    });

    [Fact, Quick]
    public void Sums_of_nothing_are_0_and_means_are_not_numbers() => Step.Run(() =>
    {
        foreach (Device device in (Device[])[Device.Reference, Device.Cpu])
        {
            Tensor x = Tensor.Zeros(new Shape(0, 3), device);
            Assert.Equal([0, 0, 0], Ops.Sum(x, [0]).ToArray());
            Assert.Equal([float.NaN, float.NaN, float.NaN], Ops.Mean(x, [0]).ToArray());
            Assert.Equal([float.NaN], Ops.Mean(x).ToArray());
            Assert.Equal([2, 3, 2, 3], Ops.Linear(Tensor.Zeros(new Shape(2, 0), device), Tensor.Zeros(new Shape(2, 0), device),
                Tensor.From([2, 3], new Shape(2), device)).ToArray());
        }
    });
}
