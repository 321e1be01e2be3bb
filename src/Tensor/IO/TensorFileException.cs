namespace Sagan.Native.IO;

/// <summary>A file of tensors is malformed, or does not hold what was asked for.</summary>
public class TensorFileException(string message, Exception? inner = null) : FormatException(message, inner);
