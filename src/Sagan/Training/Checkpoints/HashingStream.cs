using System.Security.Cryptography;

namespace Sagan.Native.Training.Checkpoints;

/// <summary>Passes what is written on to another stream, or to none, and keeps its length and SHA-256. Write-only, front to back.</summary>
sealed class HashingStream(Stream? inner) : Stream
{
    readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    long length;

    /// <summary>SHA-256 of everything written, in hexadecimal. Once only.</summary>
    public string Hash() => Convert.ToHexStringLower(hash.GetHashAndReset());

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        inner?.Write(buffer);
        hash.AppendData(buffer);
        length += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => inner?.Flush();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => length;

    public override long Position
    {
        get => length;
        set => throw new NotSupportedException("a checkpoint file is written front to back.");
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("a checkpoint file is only written.");

    public override long Seek(long offset, SeekOrigin origin) =>
        throw new NotSupportedException("a checkpoint file is written front to back.");

    public override void SetLength(long value) => throw new NotSupportedException("a checkpoint file is written front to back.");

    protected override void Dispose(bool disposing)
    {
        if (disposing) hash.Dispose();
        base.Dispose(disposing);
    }
}
