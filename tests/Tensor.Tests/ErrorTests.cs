using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>Every message names the operation, the rule, and the operands.</summary>
[Quick]
public class ErrorTests
{
    static readonly Modules.Initializer Init = new(new RandomSource(1));

    static Tensor T(params int[] sizes) => Tensor.Zeros(new Shape(sizes), Device.Reference);

    public static TheoryData<string, Action> Cases => new()
    {
        { "matmul: inner dimensions differ: a [2, 3] has 3 columns, b [4, 5] has 4 rows.", () => Ops.MatMul(T(2, 3), T(4, 5)) },
        { "matmul: batch sizes differ: a [2, 3, 4], b [3, 4, 5].", () => Ops.MatMul(T(2, 3, 4), T(3, 4, 5)) },
        { "add: [2, 3] and [2, 4] do not broadcast: axis -1 has sizes 3 and 4, which differ and neither is 1.",
            () => Ops.Add(T(2, 3), T(2, 4)) },
        { "conv2d: x [1, 8, 8, 3] has 3 channels, w [4, 3, 3, 5] takes 5 (Co, Kh, Kw, Ci).",
            () => Ops.Conv2d(T(1, 8, 8, 3), T(4, 3, 3, 5)) },
        { "conv2d: the kernel 4x4 is larger than x [1, 2, 2, 3] with padding 0.", () => Ops.Conv2d(T(1, 2, 2, 3), T(4, 4, 4, 3)) },
        { "conv2d: x [8, 8, 3] has 3 axes, 4 are needed: [N, H, W, C].", () => Ops.Conv2d(T(8, 8, 3), T(4, 4, 4, 3)) },
        { "conv_transpose2d: x [1, 2, 2, 3] has 3 channels, w [4, 4, 4, 3] takes 4 (Ci, Kh, Kw, Co).",
            () => Ops.ConvTranspose2d(T(1, 2, 2, 3), T(4, 4, 4, 3)) },
        { "reshape: [2, 3] has 6 elements, [4, 2] has 8.", () => Ops.Reshape(T(2, 3), new Shape(4, 2)) },
        { "reshape: [2, 3] has 6 elements, which [4, -1] cannot hold for any size in place of -1.", () => Ops.Reshape(T(2, 3), 4, -1) },
        { "axis 2 is out of range for [2, 3], which has 2 axes.", () => Ops.Sum(T(2, 3), [2]) },
        { "slice: 2..4 is not inside axis 0 of x [4, 2], which has size 4.", () => Ops.Slice(T(4, 2), 0, 2, 3) },
        { "slice: 2147483647..2147483647 is not inside axis 0 of x [4, 2], which has size 4.",
            () => Ops.Slice(T(4, 2), 0, int.MaxValue, 1) },
        { "pad: x [4, 2] at 2147483647 of axis 0 does not fit into size 6.", () => Ops.Pad(T(4, 2), 0, int.MaxValue, 6) },
        { "concat: a [2, 3] and b [2, 4] differ in more than axis 0.", () => Ops.Concat(T(2, 3), T(2, 4)) },
        { "attention: q [1, 4, 2] and k [1, 4, 3] differ in their last axis, dk.",
            () => Ops.Attention(T(1, 4, 2), T(1, 4, 3), T(1, 4, 5)) },
        { "batch_norm: weight [3] must be [4], one per channel of x.",
            () => Ops.BatchNorm(T(2, 4), T(3), T(4), 1e-5f, default, out _, out _) },
        { "sum_pool2x2: x [1, 3, 4, 2] must have even height and width.", () => Ops.SumPool2x2(T(1, 3, 4, 2)) },
        { "permute: axis 1 of x [2, 3] is given twice in [1, 1].", () => Ops.Permute(T(2, 3), 1, 1) },
        { "conv2d: the kernel's height is 0, it must be at least 1.", () => Ops.Conv2d(T(1, 4, 4, 3), T(5, 0, 3, 3)) },
        { "conv2d: the kernel's width is 0, it must be at least 1.", () => Ops.Conv2d(T(1, 4, 4, 3), T(5, 3, 0, 3)) },
        { "conv2d: the stride is 0, it must be at least 1.", () => Ops.Conv2d(T(1, 4, 4, 3), T(5, 3, 3, 3), stride: 0) },
        { "conv2d: the stride is 2147483647, it must be at most 32767.",
            () => Ops.Conv2d(T(1, 4, 4, 3), T(5, 3, 3, 3), stride: int.MaxValue) },
        { "conv2d: the padding is -1, it must be in 0..32767.", () => Ops.Conv2d(T(1, 4, 4, 3), T(5, 3, 3, 3), padding: -1) },
        { "conv_transpose2d: the kernel's height is 0, it must be at least 1.", () => Ops.ConvTranspose2d(T(1, 4, 4, 3), T(3, 0, 0, 5)) },
        { "conv_transpose2d: the stride is -2, it must be at least 1.",
            () => Ops.ConvTranspose2d(T(1, 4, 4, 3), T(3, 3, 3, 5), stride: -2) },
        { "conv_transpose2d: the output padding is 2, it must be in 0..1, below the stride.",
            () => Ops.ConvTranspose2d(T(1, 4, 4, 3), T(3, 3, 3, 5), null, 2, 0, 2) },
        { "conv_transpose2d: x [1, 100000, 1, 1] with stride 32767 makes an image of 3276667234 x 1; use a smaller stride.",
            () => Ops.ConvTranspose2d(T(1, 100000, 1, 1), T(1, 1, 1, 1), null, 32767) },
        { "max_pool2d: the kernel is 0, it must be at least 1.", () => Ops.MaxPool2d(T(1, 4, 4, 3), 0) },
        { "max_pool2d: the stride is -1, it must be at least 1.", () => Ops.MaxPool2d(T(1, 4, 4, 3), 2, -1) },
        { "max_pool2d: the kernel is 2147483647, it must be at most 32767.", () => Ops.MaxPool2d(T(1, 4, 4, 3), int.MaxValue) },
        { "max_pool2d: x [1, 0, 4, 3] has no pixels, so a window has no largest.", () => Ops.MaxPool2d(T(1, 0, 4, 3), 2, 2, 1) },
        { "batch_norm: x [0, 4] is empty, so it has no statistics.",
            () => Ops.BatchNorm(T(0, 4), T(4), T(4), 1e-5f, default, out _, out _) },
        { "top_k_mask: k is 0, it must be at least 1.", () => Ops.TopKMask(T(2, 3), 0) },
        { "linear: the number of inputs is 0, it must be at least 1.", () => _ = new Modules.Linear(0, 3, Init) },
        { "linear: the number of outputs is -1, it must be at least 1.", () => _ = new Modules.Linear(3, -1, Init) },
        { "linear: the size of the image is 0, it must be at least 1.", () => Modules.Linear.ToPixels(3, 0, 4, Init) },
        { "linear: the number of channels is 0, it must be at least 1.", () => Modules.Linear.FromPixels(3, 0, 4, Init) },
        { "conv2d: the number of inputs is 0, it must be at least 1.", () => _ = new Modules.Conv2d(0, 3, 3, Init) },
        { "conv2d: the kernel is 0, it must be at least 1.", () => _ = new Modules.Conv2d(3, 3, 0, Init) },
        { "conv_transpose2d: the number of outputs is 0, it must be at least 1.", () => _ = new Modules.ConvTranspose2d(3, 0, 3, Init) },
        { "conv_transpose2d: the kernel is -3, it must be at least 1.", () => _ = new Modules.ConvTranspose2d(3, 3, -3, Init) },
        { "embedding: the number of classes is 0, it must be at least 1.", () => _ = new Modules.Embedding(0, 3, Init) },
        { "embedding: the width is 0, it must be at least 1.", () => _ = new Modules.Embedding(3, 0, Init, 1) },
        { "batch_norm: the number of channels is 0, it must be at least 1.", () => _ = new Modules.BatchNorm2d(0, Init) },
        { "channel_attention: the number of channels is 0, it must be at least 1.", () => _ = new Modules.ChannelAttention(0, Init) },
        { "channel_attention: the reduction is 0, it must be at least 1.", () => _ = new Modules.ChannelAttention(8, Init, 0) },
        { "self_attention: the number of channels is 0, it must be at least 1.", () => _ = new Modules.SelfAttention(0, Init) },
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
    public void A_slope_below_0_is_refused()
    {
        foreach (float slope in (float[])[-0.1f, float.NaN, float.PositiveInfinity])
            Assert.StartsWith("activation: the slope must be a number of at least 0",
                Assert.Throws<ArgumentOutOfRangeException>(() => Activation.LeakyRelu(slope)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_attention_block_of_impossible_sizes_is_refused()
    {
        (Modules.AttentionOptions Options, string Message)[] blocks =
        [
            (new() { Reduction = 0 }, "self_attention: the reduction is 0, it must be at least 1."),
            (new() { Heads = 0 }, "self_attention: the number of heads is 0, it must be at least 1."),
            (new() { Scales = [2, 0] }, "self_attention: a scale is 0, all must be at least 1."),
        ];
        foreach ((Modules.AttentionOptions options, string message) in blocks)
            Assert.Equal(message, Assert.Throws<ArgumentException>(() => new Modules.SelfAttention(16, Init, 0, options)).Message);
    }

    [Fact]
    public void Operands_on_different_devices_are_refused()
    {
        ArgumentException e = Assert.ThrowsAny<ArgumentException>(() =>
            Step.Run(() => Ops.Add(T(2), Tensor.Zeros(new Shape(2), Device.Cpu))));
        Assert.Equal("add: operands are on different devices: [2] on reference, [2] on cpu; use To.", e.Message);
    }

    [Fact]
    public void An_unknown_device_names_the_known_ones()
    {
        Assert.Contains("cpu, reference", Assert.Throws<DeviceUnavailableException>(() => Device.Parse("tpu")).Message,
            StringComparison.Ordinal);
        Assert.Contains("--device cpu", Assert.Throws<DeviceUnavailableException>(() => Device.Parse("cuda:99")).Message,
            StringComparison.Ordinal);
    }
}
