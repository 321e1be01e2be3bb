namespace Sagan.Native.Tests;

/// <summary>
/// A text whose lines are heard as they are written: at a line of a command's own, a test can do what befalls the command from outside.
/// </summary>
sealed class ListeningWriter(Action<string> heard) : StringWriter
{
    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        heard(value ?? "");
    }
}
