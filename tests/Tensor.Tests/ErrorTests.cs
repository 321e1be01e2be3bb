using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Every message names the operation, the rule, and the operands.</summary>
public class ErrorTests
{
    static Tensor T(params int[] sizes) => Tensor.Zeros(new Shape(sizes), Device.Reference);

    public static TheoryData<string, Action> Cases => new()
    {
        { "matmul: inner dimensions differ: a [2, 3] has 3 columns, b [4, 5] has 4 rows.", () => Ops.MatMul(T(2, 3), T(4, 5)) },
        { "matmul: batch sizes differ: a [2, 3, 4], b [3, 4, 5].", () => Ops.MatMul(T(2, 3, 4), T(3, 4, 5)) },
        { "add: [2, 3] and [2, 4] do not broadcast: axis -1 has sizes 3 and 4, which differ and neither is 1.", () => Ops.Add(T(2, 3), T(2, 4)) },
        { "conv2d: x [1, 8, 8, 3] has 3 channels, w [4, 3, 3, 5] takes 5 (Co, Kh, Kw, Ci).", () => Ops.Conv2d(T(1, 8, 8, 3), T(4, 3, 3, 5)) },
        { "conv2d: the kernel 4x4 is larger than x [1, 2, 2, 3] with padding 0.", () => Ops.Conv2d(T(1, 2, 2, 3), T(4, 4, 4, 3)) },
        { "conv2d: x [8, 8, 3] has 3 axes, 4 are needed: [N, H, W, C].", () => Ops.Conv2d(T(8, 8, 3), T(4, 4, 4, 3)) },
        { "conv_transpose2d: x [1, 2, 2, 3] has 3 channels, w [4, 4, 4, 3] takes 4 (Ci, Kh, Kw, Co).", () => Ops.ConvTranspose2d(T(1, 2, 2, 3), T(4, 4, 4, 3)) },
        { "reshape: [2, 3] has 6 elements, [4, 2] has 8.", () => Ops.Reshape(T(2, 3), new Shape(4, 2)) },
        { "reshape: [2, 3] has 6 elements, which [4, -1] cannot hold for any size in place of -1.", () => Ops.Reshape(T(2, 3), 4, -1) },
        { "axis 2 is out of range for [2, 3], which has 2 axes.", () => Ops.Sum(T(2, 3), [2]) },
        { "slice: 2..4 is not inside axis 0 of x [4, 2], which has size 4.", () => Ops.Slice(T(4, 2), 0, 2, 3) },
        { "slice: 2147483647..2147483647 is not inside axis 0 of x [4, 2], which has size 4.", () => Ops.Slice(T(4, 2), 0, int.MaxValue, 1) },
        { "pad: x [4, 2] at 2147483647 of axis 0 does not fit into size 6.", () => Ops.Pad(T(4, 2), 0, int.MaxValue, 6) },
        { "concat: a [2, 3] and b [2, 4] differ in more than axis 0.", () => Ops.Concat(T(2, 3), T(2, 4)) },
        { "attention: q [1, 4, 2] and k [1, 4, 3] differ in their last axis, dk.", () => Ops.Attention(T(1, 4, 2), T(1, 4, 3), T(1, 4, 5)) },
        { "batch_norm: weight [3] must be [4], one per channel of x.", () => Ops.BatchNorm(T(2, 4), T(3), T(4), 1e-5f, default, out _, out _) },
        { "sum_pool2x2: x [1, 3, 4, 2] must have even height and width.", () => Ops.SumPool2x2(T(1, 3, 4, 2)) },
        { "permute: axis 1 of x [2, 3] is given twice in [1, 1].", () => Ops.Permute(T(2, 3), 1, 1) },
        { "item: [2, 3] has 6 elements, one is needed.", () => T(2, 3).Item() },
        { "index: 3 is out of range for axis 1 of [2, 3], which has size 3.", () => _ = T(2, 3)[0, 3] },
        { "shape: axis 1 has the negative size -3.", () => _ = new Shape(2, -3) },
        { "shape: [65536, 65536] has 2^31 elements or more; split the batch.", () => _ = new Shape(65536, 65536) },
        { "from: 2 values given, [3] has 3.", () => Tensor.From([1, 2], new Shape(3)) },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Message_is(string message, Action action)
    {
        ShapeException e = Assert.Throws<ShapeException>(() => Step.Run(action));
        Assert.Equal(message, e.Message);
    }

    [Fact]
    public void Operands_on_different_devices_are_refused()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => Step.Run(() => Ops.Add(T(2), Tensor.Zeros(new Shape(2), Device.Cpu))));
        Assert.Equal("add: operands are on different devices: [2] on reference, [2] on cpu; use To.", e.Message);
    }

    [Fact]
    public void An_unknown_device_names_the_known_ones()
    {
        Assert.Contains("cpu, reference", Assert.Throws<DeviceUnavailableException>(() => Device.Parse("tpu")).Message, StringComparison.Ordinal);
        Assert.Contains("--device cpu", Assert.Throws<DeviceUnavailableException>(() => Device.Parse("cuda:99")).Message, StringComparison.Ordinal);
    }
}
