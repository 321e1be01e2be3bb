namespace Sagan.Native.Training;

/// <summary>A number of a run over its steps, as metrics.jsonl has it.</summary>
/// <param name="name">Its name there: <c>d_loss</c>, <c>gamma.g.attn1</c>, ...</param>
public sealed class Curve(string name)
{
    readonly List<long> steps = [];
    readonly List<double> values = [];

    /// <summary>Its name in metrics.jsonl.</summary>
    public string Name => name;

    /// <summary>The steps at which it is known, rising.</summary>
    public IReadOnlyList<long> Steps => steps;

    /// <summary>Its values there; NaN and infinities too.</summary>
    public IReadOnlyList<double> Values => values;

    /// <summary>How many there are.</summary>
    public int Count => steps.Count;

    internal void Add(long step, double value)
    {
        // A way that was given up is written over by the one that was taken.
        int n = steps.Count;
        while (n > 0 && steps[n - 1] >= step) n--;
        steps.RemoveRange(n, steps.Count - n);
        values.RemoveRange(n, values.Count - n);
        steps.Add(step);
        values.Add(value);
    }
}
