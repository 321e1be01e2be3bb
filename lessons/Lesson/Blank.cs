namespace Sagan.Native.Lessons;

/// <summary>Stands where something is to be filled in: <c>throw new Blank("hint")</c>. No fault, and so no stack trace.</summary>
/// <param name="hint">What leads to what belongs there.</param>
public sealed class Blank(string hint) : Exception(hint);
