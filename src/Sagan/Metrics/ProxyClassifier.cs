using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Metrics;

/// <summary>
/// The small convolutional network behind <see cref="ProxyNetwork"/>: images [N, S, S, C] to features, and features to logits.
/// <code>stage k   Conv2d k4 s2 p1, BatchNorm, leaky ReLU 0.2    24, 48, 96, 128 channels    S/2 ... until the next would be below 3 x 3
/// features = means over the pixels of every stage but the first, side by side
/// logits   = Linear(features)</code>
/// Larger images are first averaged down by 2 until a side is at most 64, so that a step costs the same for all.
/// </summary>
sealed class ProxyClassifier : Module
{
    const int LargestSide = 64, SmallestMap = 3;
    static readonly int[] Widths = [24, 48, 96, 128];

    readonly List<Module> stages = [];
    readonly Linear head;

    public ProxyClassifier(int size, int channels, int classes, Initializer init)
    {
        int side = size, inputs = channels;
        while (side > LargestSide && side % 2 == 0) side /= 2;
        foreach (int width in Widths)
        {
            if (side / 2 < SmallestMap && stages.Count > 0) break;
            if (side < 2) throw new MetricException($"proxy network: images of {size}x{size} are too small; at least 2x2 are needed.");
            stages.Add(Child($"stage{stages.Count + 1}", new Sequential(
                new Conv2d(inputs, width, 4, init, stride: 2, padding: 1, bias: false),
                new BatchNorm2d(width, init, Activation.LeakyRelu(0.2f)))));
            (side, inputs) = (side / 2, width);
        }
        Width = stages.Count == 1 ? Widths[0] : Widths[1..stages.Count].Sum();
        head = Child("head", new Linear(Width, classes, init));
    }

    /// <summary>Number of features.</summary>
    public int Width { get; }

    public Tensor Logits(Tensor features) => head.Call(features);

    protected override Tensor Forward(Tensor x)
    {
        while (x.Shape[1] > LargestSide && x.Shape[1] % 2 == 0) x = Ops.AvgPool2x2(x);
        Tensor? features = null;
        for (int i = 0; i < stages.Count; i++)
        {
            x = stages[i].Call(x);
            if (i == 0 && stages.Count > 1) continue;
            Tensor mean = Ops.Mean(x, [1, 2]);
            features = features == null ? mean : Ops.Concat(features, mean, axis: 1);
        }
        return features!;
    }
}
