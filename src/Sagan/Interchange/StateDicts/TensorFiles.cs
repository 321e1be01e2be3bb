using Sagan.Native.Interchange.Numpy;
using Sagan.Native.Interchange.Onnx;
using Sagan.Native.Interchange.Torch;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.StateDicts;

/// <summary>Opens files of tensors by the ending of their names.</summary>
static class TensorFiles
{
    /// <summary>The endings that are known.</summary>
    public const string Endings = ".safetensors, .pth, .npz, .npy, .onnx";

    /// <summary>Opens a file whose tensors make up a state dict.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">Which dict of a .pth file.</param>
    public static TensorFile Open(string path, string? key = null) => Kind(path) switch
    {
        FileKind.Torch => new PthReader(path, key),
        FileKind.Numpy => new NpzReader(path),
        FileKind.Onnx => new OnnxReader(path),
        _ => new SafetensorsReader(path),
    };

    /// <summary>Opens a file with all tensors it has, wherever in it they are.</summary>
    public static TensorFile OpenWhole(string path) => Kind(path) == FileKind.Torch ? PthReader.Everything(path) : Open(path);

    static FileKind Kind(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".pth" or ".pt" or ".pkl" or ".ckpt" or ".bin" => FileKind.Torch,
        ".npz" or ".npy" => FileKind.Numpy,
        ".onnx" => FileKind.Onnx,
        _ => FileKind.Safetensors,
    };

    enum FileKind
    {
        Safetensors,
        Torch,
        Numpy,
        Onnx,
    }
}
