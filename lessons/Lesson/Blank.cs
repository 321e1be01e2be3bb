namespace Sagan.Native.Lessons;

/// <summary>Stands where something is to be filled in: <c>throw new Blank("hint")</c>. No fault, and so no stack trace.</summary>
public sealed class Blank : Exception
{
    /// <summary>A blank without a hint.</summary>
    public Blank() : this("") { }

    /// <summary>A blank, with what leads to what belongs there.</summary>
    public Blank(string hint) : base(hint) { }

    /// <summary>As an exception that follows another.</summary>
    public Blank(string hint, Exception inner) : base(hint, inner) { }
}
