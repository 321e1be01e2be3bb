using Sagan.Native.Kernels;

namespace Sagan.Native.Data;

/// <summary>A batch of images, ready for a network.</summary>
public sealed class Batch
{
    internal Batch(int count, int size, int channels)
    {
        (Count, Size, Channels) = (count, size, channels);
        Pixels = new float[(long)count * size * size * channels];
        Labels = new int[count];
    }

    /// <summary>Number of images.</summary>
    public int Count { get; }

    /// <summary>Width and height.</summary>
    public int Size { get; }

    /// <summary>3 (RGB), 4 (RGB and alpha) or 1 (grey).</summary>
    public int Channels { get; }

    /// <summary>Number of the batch, from 0: its content depends on this and the loader's seed alone.</summary>
    public long Step { get; internal set; }

    /// <summary>[Count, Size, Size, Channels], channels last, in [-1, 1].</summary>
    public float[] Pixels { get; }

    /// <summary>One label per image.</summary>
    public int[] Labels { get; }

    /// <summary>A copy of the images as a tensor.  [Count, Size, Size, Channels]</summary>
    public Tensor ToTensor(Device? device = null) => Tensor.From(Pixels, new Shape(Count, Size, Size, Channels), device);

    /// <summary>A copy of the labels, as a loss or an embedding wants them.</summary>
    public IndexTensor ToLabels(Device? device = null) => IndexTensor.From(Labels, device);
}
