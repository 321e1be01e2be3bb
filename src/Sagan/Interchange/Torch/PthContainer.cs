namespace Sagan.Native.Interchange.Torch;

/// <summary>One of the two ways in which PyTorch packs a pickle and the storages it refers to.</summary>
abstract class PthContainer : IDisposable
{
    /// <summary>For people.</summary>
    public abstract string Name { get; }

    /// <summary>What the pickle holds.</summary>
    public abstract object? Root { get; }

    /// <summary>Checks that the file has the bytes of this storage. Throws <see cref="InterchangeException"/> where it has not.</summary>
    public abstract void Check(TorchStorage storage);

    /// <summary>A stream that stands at this byte of a storage that was checked. Valid until the next call.</summary>
    public abstract Stream Open(TorchStorage storage, long at);

    public abstract void Dispose();

    /// <summary>Opens a seekable stream, which the container then owns.</summary>
    public static PthContainer Open(Stream stream, string file)
    {
        Span<byte> begin = stackalloc byte[4];
        int n = stream.ReadAtLeast(begin, begin.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (n == 4 && begin.SequenceEqual("PK\x03\x04"u8)) return new ZipContainer(stream, file);
        if (n == 4 && begin[0] == 0x80) return new PickleStreamContainer(stream, file);
        throw new InterchangeException($"{file}: is no file of torch.save: it begins neither as a zip nor as a pickle.");
    }
}
