namespace Sagan.Native.Optim;

/// <summary>Learning rates that change: each gives the rate of step 0, 1, ..., to be set before the step.</summary>
/// <example><code>Func&lt;int, float&gt; rate = Schedule.WarmUp(100, Schedule.Cosine(1e-3f, steps));
/// for (int i = 0; i &lt; steps; i++) { adam.LearningRate = rate(i); adam.Minimize(loss); }</code></example>
public static class Schedule
{
    /// <summary>The same at every step.</summary>
    public static Func<int, float> Constant(float rate) => _ => rate;

    /// <summary>rate factor^floor(i / every).</summary>
    public static Func<int, float> Step(float rate, int every, float factor = 0.1f)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        return i => (float)(rate * Math.Pow(factor, i / every));
    }

    /// <summary>last + (rate - last) (1 + cos(pi i / steps)) / 2, and last from then on. Source: Loshchilov and Hutter 2017, without
    /// restarts.</summary>
    public static Func<int, float> Cosine(float rate, int steps, float last = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return i => (float)(last + (rate - last) * (1 + Math.Cos(Math.PI * Math.Min(i, steps) / steps)) / 2);
    }

    /// <summary>The other schedule's rate times (i + 1) / steps at first, that rate itself from step number <c>steps - 1</c> on.</summary>
    public static Func<int, float> WarmUp(int steps, Func<int, float> schedule)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1);
        return i => i + 1 >= steps ? schedule(i) : schedule(i) * (i + 1) / steps;
    }
}
