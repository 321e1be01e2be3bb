using Sagan.Native.Data;
using Sagan.Native.Data.Images;
using Sagan.Native.Kernels;
using Sagan.Native.Modules;
using Sagan.Native.Optim;

namespace Sagan.Native.Metrics;

/// <summary>How a <see cref="ProxyClassifier"/> is trained: 300 steps of Adam on batches of 64, cross-entropy, everything random from one
/// constant seed.</summary>
static class ProxyTraining
{
    const int Steps = 300, BatchSize = 64, Turns = 4;
    const ulong Seed = 2018, TurnStream = 0x7042;

    /// <summary>The untrained classifier of a data set.</summary>
    public static ProxyClassifier Fresh(ImageDataset data, Device device) =>
        new(data.Size, data.Channels, data.ClassCount > 1 ? data.ClassCount : Turns,
            new Initializer(new RandomSource(Seed), device: device));

    /// <summary>Trains it in place; the running statistics of its batch norms are then those of the data.</summary>
    public static void Train(ProxyClassifier classifier, ImageDataset data, Device device, Action<int, int>? progress = null,
        int steps = Steps)
    {
        bool labelled = data.ClassCount > 1;
        int classes = labelled ? data.ClassCount : Turns;
        EpochOrder order = new(Seed, data.Count);
        Adam adam = new(classifier.Parameters, 2e-3f);
        float[] x = new float[BatchSize * data.ImageBytes], target = new float[BatchSize * classes];
        classifier.Train(true);
        for (int step = 0; step < steps; step++)
        {
            Array.Clear(target);
            for (int i = 0; i < BatchSize; i++)
            {
                long sample = (long)step * BatchSize + i;
                int image = order[sample], turns = labelled ? 0 : CounterRandom.Below(Turns, Seed, TurnStream, (ulong)sample);
                target[i * classes + (labelled ? data.Label(image) : turns)] = 1;
                Turn(data.Pixels(image), x.AsSpan(i * data.ImageBytes, data.ImageBytes), data.Size, data.Channels, turns);
            }
            // To zero along a line: the last steps settle weights and statistics.
            adam.LearningRate = 2e-3f * (1 - (float)step / steps);
            adam.Minimize(() => CrossEntropy(
                classifier.Logits(classifier.Call(Tensor.From(x, new Shape(BatchSize, data.Size, data.Size, data.Channels), device))),
                Tensor.From(target, new Shape(BatchSize, classes), device)));
            progress?.Invoke(step + 1, steps);
        }
    }

    // -mean ln p of the right class; the constant keeps an image that is hopelessly wrong from making the logarithm infinite.
    static Tensor CrossEntropy(Tensor logits, Tensor target) => -Ops.Mean(Ops.Log(Ops.Sum(Ops.Softmax(logits) * target, [1]) + 1e-12f));

    // The square image turned anticlockwise by some quarters of a full turn, in [-1, 1].
    static void Turn(ReadOnlySpan<byte> pixels, Span<float> to, int size, int channels, int quarters)
    {
        if (quarters == 0)
        {
            PixelRange.ToSigned(pixels, to);
            return;
        }
        Span<byte> turned = new byte[pixels.Length];
        int last = size - 1;
        for (int y = 0; y < size; y++)
            for (int x = 0; x < size; x++)
            {
                (int sx, int sy) = quarters switch { 1 => (last - y, x), 2 => (last - x, last - y), _ => (y, last - x) };
                pixels.Slice((sy * size + sx) * channels, channels).CopyTo(turned[((y * size + x) * channels)..]);
            }
        PixelRange.ToSigned(turned, to);
    }
}
