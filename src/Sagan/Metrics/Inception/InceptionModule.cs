using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Metrics.Inception;

/// <summary>
/// Inception-v3 up to the global mean, in the variant of TensorFlow's graph of 2015-12-05 that FID and the Inception score are defined by:
/// images [N, 299, 299, 3] in [-1, 1] to features [N, 2048]. Differs from torchvision's in its pools: means leave out what is outside of
/// the image, and the last block takes a maximum. Names and layouts of the weights are torchvision's, as in the file
/// pt_inception-2015-12-05 of pytorch-fid.
/// </summary>
sealed class InceptionModule : Module
{
    /// <summary>Width and height that images are brought to.</summary>
    public const int Size = 299;

    readonly Module[] layers;

    /// <param name="file">The weights.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="divisor">Of all widths: 1, or a divisor of 16 for a smaller network.</param>
    public InceptionModule(NamedWeights file, Device device, int divisor = 1)
    {
        InceptionBlocks b = new(file, device, divisor);
        (Width, Classes) = (b.Width(2048), b.Width(1008));
        float[] fc = InceptionConv.Read(file, "fc.weight", Classes, Width);
        layers =
        [
            b.Conv("Conv2d_1a_3x3", 3, 32, 3, stride: 2), b.Conv("Conv2d_2a_3x3", 32, 32, 3),
                b.Conv("Conv2d_2b_3x3", 32, 64, 3, padding: 1),
            new MaxPool2d(3, 2),
            b.Conv("Conv2d_3b_1x1", 64, 80, 1), b.Conv("Conv2d_4a_3x3", 80, 192, 3), new MaxPool2d(3, 2),
            b.A("Mixed_5b", 192, 32), b.A("Mixed_5c", 256, 64), b.A("Mixed_5d", 288, 64),
            b.B("Mixed_6a", 288), b.C("Mixed_6b", 128), b.C("Mixed_6c", 160), b.C("Mixed_6d", 160), b.C("Mixed_6e", 192),
            b.D("Mixed_7a"), b.E("Mixed_7b", 1280, maximum: false), b.E("Mixed_7c", 2048, maximum: true),
        ];
        for (int i = 0; i < layers.Length; i++) Child($"{i}", layers[i]);
        FullyConnected = Own(new Parameter("fc", Tensor.From(fc, new Shape(Classes, Width), device), trainable: false));
        Train(false);
    }

    /// <summary>Number of features.</summary>
    public int Width { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    Parameter FullyConnected { get; }

    /// <summary>
    /// Logits of features. Without the bias, which the authors' code for the Inception score leaves out too: it takes the matrix of the
    /// graph alone.
    /// </summary>
    public Tensor Logits(Tensor features) => Ops.Linear(features, FullyConnected);

    protected override Tensor Forward(Tensor x) => Ops.Mean(Sequential.Chain(x, layers), [1, 2]);
}
