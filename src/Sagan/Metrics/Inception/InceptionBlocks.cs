using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Metrics.Inception;

/// <summary>
/// The blocks of Inception-v3 (Szegedy et al. 2016, figures 5 to 7) under torchvision's names, for a file of weights. Widths are divided by
/// <paramref name="divisor"/>, 1 for the network itself.
/// </summary>
sealed class InceptionBlocks(NamedWeights file, Device device, int divisor)
{
    /// <summary>A network's number of channels for the full network's.</summary>
    public int Width(int full) => full / divisor;

    /// <summary>A square convolution. Channels are those of the full network; 3 of an image stay 3.</summary>
    public Module Conv(string name, int inputs, int outputs, int kernel, int stride = 1, int padding = 0) =>
        Conv(name, inputs, outputs, kernel, kernel, stride, padding, padding);

    Module Row(string name, int inputs, int outputs, int length) => Conv(name, inputs, outputs, 1, length, 1, 0, length / 2);

    Module Column(string name, int inputs, int outputs, int length) => Conv(name, inputs, outputs, length, 1, 1, length / 2, 0);

    InceptionConv Conv(string name, int inputs, int outputs, int height, int width, int stride, int padHeight, int padWidth) =>
        new(file, name, (Width(outputs), inputs == 3 ? 3 : Width(inputs), height, width), stride, padHeight, padWidth, device);

    /// <summary>35 x 35: 224 + pool channels.</summary>
    public Module A(string name, int inputs, int pool) => new Branches(
        [Conv($"{name}.branch1x1", inputs, 64, 1)],
        [Conv($"{name}.branch5x5_1", inputs, 48, 1), Conv($"{name}.branch5x5_2", 48, 64, 5, padding: 2)],
        [
            Conv($"{name}.branch3x3dbl_1", inputs, 64, 1), Conv($"{name}.branch3x3dbl_2", 64, 96, 3, padding: 1),
            Conv($"{name}.branch3x3dbl_3", 96, 96, 3, padding: 1),
        ],
        [new MeanPool(), Conv($"{name}.branch_pool", inputs, pool, 1)]);

    /// <summary>35 x 35 to 17 x 17: 480 + inputs channels.</summary>
    public Module B(string name, int inputs) => new Branches(
        [Conv($"{name}.branch3x3", inputs, 384, 3, stride: 2)],
        [
            Conv($"{name}.branch3x3dbl_1", inputs, 64, 1), Conv($"{name}.branch3x3dbl_2", 64, 96, 3, padding: 1),
            Conv($"{name}.branch3x3dbl_3", 96, 96, 3, stride: 2),
        ],
        [new MaxPool2d(3, 2)]);

    /// <summary>17 x 17: 768 channels.</summary>
    public Module C(string name, int inner) => new Branches(
        [Conv($"{name}.branch1x1", 768, 192, 1)],
        [Conv($"{name}.branch7x7_1", 768, inner, 1), Row($"{name}.branch7x7_2", inner, inner, 7),
            Column($"{name}.branch7x7_3", inner, 192, 7)],
        [
            Conv($"{name}.branch7x7dbl_1", 768, inner, 1), Column($"{name}.branch7x7dbl_2", inner, inner, 7),
                Row($"{name}.branch7x7dbl_3", inner, inner, 7),
            Column($"{name}.branch7x7dbl_4", inner, inner, 7), Row($"{name}.branch7x7dbl_5", inner, 192, 7),
        ],
        [new MeanPool(), Conv($"{name}.branch_pool", 768, 192, 1)]);

    /// <summary>17 x 17 to 8 x 8: 1280 channels.</summary>
    public Module D(string name) => new Branches(
        [Conv($"{name}.branch3x3_1", 768, 192, 1), Conv($"{name}.branch3x3_2", 192, 320, 3, stride: 2)],
        [
            Conv($"{name}.branch7x7x3_1", 768, 192, 1), Row($"{name}.branch7x7x3_2", 192, 192, 7),
                Column($"{name}.branch7x7x3_3", 192, 192, 7),
            Conv($"{name}.branch7x7x3_4", 192, 192, 3, stride: 2),
        ],
        [new MaxPool2d(3, 2)]);

    /// <summary>8 x 8: 2048 channels. The network of 2015 averages in the first of its two and takes the maximum in the second.</summary>
    public Module E(string name, int inputs, bool maximum) => new Branches(
        [Conv($"{name}.branch1x1", inputs, 320, 1)],
        [Conv($"{name}.branch3x3_1", inputs, 384, 1),
            new Branches([Row($"{name}.branch3x3_2a", 384, 384, 3)], [Column($"{name}.branch3x3_2b", 384, 384, 3)])],
        [
            Conv($"{name}.branch3x3dbl_1", inputs, 448, 1), Conv($"{name}.branch3x3dbl_2", 448, 384, 3, padding: 1),
            new Branches([Row($"{name}.branch3x3dbl_3a", 384, 384, 3)], [Column($"{name}.branch3x3dbl_3b", 384, 384, 3)]),
        ],
        [maximum ? new MaxPool2d(3, 1, 1) : new MeanPool(), Conv($"{name}.branch_pool", inputs, 192, 1)]);

    /// <summary>Chains of modules beside each other on one input, their outputs joined along the channels.</summary>
    sealed class Branches : Module
    {
        readonly Module[][] branches;

        public Branches(params Module[][] branches)
        {
            this.branches = branches;
            for (int i = 0; i < branches.Length; i++) Child($"{i}", new Sequential(branches[i]));
        }

        protected override Tensor Forward(Tensor x)
        {
            Tensor y = Sequential.Chain(x, branches[0]);
            foreach (Module[] branch in branches.AsSpan(1)) y = Ops.Concat(y, Sequential.Chain(x, branch), axis: 3);
            return y;
        }
    }

    /// <summary>
    /// Mean over 3 x 3 pixels at every pixel; what lies outside of the image is left out of the mean, as TensorFlow does.
    /// </summary>
    sealed class MeanPool : Module
    {
        protected override Tensor Forward(Tensor x) =>
            SeparableFilter.Apply(x, SeparableFilter.MeanOfThree(x.Shape[1]), SeparableFilter.MeanOfThree(x.Shape[2]));
    }
}
