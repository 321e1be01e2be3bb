using Sagan.Native.Models;

namespace Sagan.Native.Tests;

partial class FormulaCase
{
    /// <summary>The classes as a condition, or null where the case has none.</summary>
    public Condition? Condition => Labels is { } labels ? new Condition(labels) : null;
}
