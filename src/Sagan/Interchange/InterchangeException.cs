namespace Sagan.Native.Interchange;

/// <summary>A file from or for another program is malformed, holds what is not read, does not fit, or cannot be written.</summary>
public sealed class InterchangeException : SaganException
{
    public InterchangeException() { }

    public InterchangeException(string message) : base(message) { }

    public InterchangeException(string message, Exception? inner) : base(message, inner) { }
}
