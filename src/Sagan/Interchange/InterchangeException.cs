namespace Sagan.Native.Interchange;

/// <summary>A file from or for another program is malformed, holds what is not read, does not fit, or cannot be written.</summary>
public sealed class InterchangeException(string message, Exception? inner = null) : SaganException(message, inner);
