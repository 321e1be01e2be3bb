using System.Security.Cryptography;
using Sagan.Native.Interchange.StateDicts;
using Sagan.Native.IO;
using Sagan.Native.Kernels;

namespace Sagan.Native.Metrics.Inception;

/// <summary>
/// The feature network of the published metrics, with weights that the user supplies. Images of any size and of 1, 3 or 4 channels: grey is
/// repeated, alpha composited over white; they are brought to 299 x 299 by plain bilinear interpolation, as pytorch-fid does (TensorFlow 1
/// placed its samples differently, and antialiased resizing gives other numbers again: Parmar et al. 2022).
/// </summary>
public sealed class InceptionNetwork : FeatureNetwork
{
    const int Version = 1;

    readonly InceptionModule module;
    readonly string hash;

    internal InceptionNetwork(NamedWeights file, string hash, Device device, int divisor = 1) =>
        (module, this.hash, Device) = (new InceptionModule(file, device, divisor), hash, device);

    /// <summary>Reads a .pth or safetensors file with torchvision's names: see docs/metrics.md for how to get one.</summary>
    /// <exception cref="RunFileException">The file is not there, or does not hold this network.</exception>
    public static InceptionNetwork Open(string path, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Open(path, device ?? Device.Cpu, divisor: 1);
    }

    internal static InceptionNetwork Open(string path, Device device, int divisor)
    {
        if (!File.Exists(path)) throw new RunFileException($"{path}: there is no such file of Inception weights.");
        using TensorFile file = TensorFiles.Open(path);
        (float[], int[])? Read(string name) =>
            file.Contains(name) ? (file.Read<float>(name), [.. file[name].Shape.Select(n => checked((int)n))]) : null;
        if (Read("fc.weight") is (_, [1000, ..]))
            throw new RunFileException($"{path}: holds torchvision's Inception for the 1000 classes of ImageNet, whose numbers are "
                + "not FID; "
                + "it must be the network of 2015 with 1008 classes, pt_inception-2015-12-05.");
        using FileStream bytes = RegularFile.OpenRead(path);
        try
        {
            return new InceptionNetwork(Read, Convert.ToHexStringLower(SHA256.HashData(bytes)), device, divisor);
        }
        catch (RunFileException e)
        {
            throw new RunFileException($"{path}: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public override string Name => $"Inception-v3 of 2015-12-05 (weights {hash[..8]})";

    /// <inheritdoc/>
    public override string Key => $"inception-2015-12-05 {Version} {hash}";

    /// <inheritdoc/>
    public override bool IsProxy => false;

    /// <inheritdoc/>
    public override int Width => module.Width;

    /// <inheritdoc/>
    public override int Classes => module.Classes;

    /// <inheritdoc/>
    public override Device Device { get; }

    /// <summary>The first feature maps of an image are 6 MB each.</summary>
    protected override int LargestBatch => 16;

    /// <inheritdoc/>
    protected override (Tensor Features, Tensor? Logits) Forward(Tensor x)
    {
        Tensor features = module.Call(Prepare(x));
        return (features, module.Logits(features));
    }

    // The interpolation is linear with weights that sum to 1, so it does not matter whether it comes before or after the step from [0, 1]
    // to [-1, 1].
    Tensor Prepare(Tensor x)
    {
        (int n, int h, int w, int c) = (x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]);
        if (c == 1) x = Ops.BroadcastTo(x, new Shape(n, h, w, 3));
        else if (c == 4)
        {
            Tensor alpha = 0.5f * Ops.Slice(x, 3, 3, 1) + 0.5f;
            x = Ops.Slice(x, 3, 0, 3) * alpha + (1 - alpha);
        }
        else if (c != 3) throw new MetricException($"Inception: images have {c} channels; 1, 3 or 4 are needed.");
        if ((h, w) == (InceptionModule.Size, InceptionModule.Size)) return x;
        return SeparableFilter.Apply(x, SeparableFilter.Bilinear(h, InceptionModule.Size),
            SeparableFilter.Bilinear(w, InceptionModule.Size));
    }
}
