using System.Text;

namespace Sagan.Native.Commands.Console;

/// <summary>
/// A stream of the process that may go away while it works: a closed terminal, a reader that has ended, a full disk under a redirection.
/// What can no longer be written is dropped, because the work (a run, above all) is worth more than what is said about it;
/// <see cref="Failure"/> tells of it in the end.
/// </summary>
sealed class LastingWriter(TextWriter inner) : TextWriter
{
    /// <summary>What the first write that failed said, or null.</summary>
    public Exception? Failure { get; private set; }

    public override Encoding Encoding => inner.Encoding;

    public override void Write(char value) => Try(() => inner.Write(value));

    public override void Write(string? value) => Try(() => inner.Write(value));

    public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

    // One call, so that lines of several threads stay whole.
    public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

    public override void Flush() => Try(inner.Flush);

    void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Failure ??= e;
        }
    }
}
