namespace Sagan.Native;

/// <summary>
/// Something a user can act on went wrong. The message is complete by itself: one line first, naming the value, the rule and the way out.
/// </summary>
public class SaganException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The command line is wrong.</summary>
public class UsageException(string message, Exception? inner = null) : SaganException(message, inner);

/// <summary>A checkpoint, a run folder or another file of ours is invalid, missing or cannot be written.</summary>
public class RunFileException(string message, Exception? inner = null) : SaganException(message, inner);

/// <summary>A check that was asked for did not pass.</summary>
public sealed class CheckFailedException(string message, Exception? inner = null) : SaganException(message, inner);

/// <summary>Training failed: NaN or infinity, a discriminator that has won, a generator that makes one picture only.</summary>
public sealed class DivergedException(string message, Exception? inner = null) : SaganException(message, inner)
{
    /// <summary>What failed, without advice.</summary>
    public string What { get; init; } = "";

    /// <summary>How many steps ago it may have begun.</summary>
    public int? Since { get; init; }
}
