namespace Sagan.Native.IO;

/// <summary>A file of tensors is malformed, or does not hold what was asked for.</summary>
public class TensorFileException : FormatException
{
    public TensorFileException() { }

    public TensorFileException(string message) : base(message) { }

    public TensorFileException(string message, Exception? inner) : base(message, inner) { }
}
