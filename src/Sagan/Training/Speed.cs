namespace Sagan.Native.Training;

/// <summary>Images a second over the last half minute.</summary>
/// <param name="batch">Images of a step.</param>
/// <param name="fromStep">Where the clock starts.</param>
/// <param name="time">The clock.</param>
sealed class Speed(int batch, long fromStep, TimeProvider time)
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(30), Interval = TimeSpan.FromSeconds(1);

    readonly long began = time.GetTimestamp();
    // Oldest first, about one a second.
    readonly Queue<(TimeSpan At, long Step)> passed = new([(TimeSpan.Zero, fromStep)]);
    TimeSpan noted;
    long step = fromStep;

    /// <summary>A step is done.</summary>
    public void Passed(long number)
    {
        step = number;
        TimeSpan now = time.GetElapsedTime(began);
        if (now - noted < Interval) return;
        noted = now;
        passed.Enqueue((now, number));
        while (passed.Count > 2 && now - passed.Peek().At > Window) passed.Dequeue();
    }

    /// <summary>0 before the first step.</summary>
    public double ImagesPerSecond
    {
        get
        {
            (TimeSpan at, long first) = passed.Peek();
            double seconds = (time.GetElapsedTime(began) - at).TotalSeconds;
            return seconds > 0 ? (step - first) * batch / seconds : 0;
        }
    }

    /// <summary>How long so many steps take at this speed, in whole seconds, rounded up; null where nobody can tell.</summary>
    public TimeSpan? For(long steps)
    {
        double seconds = ImagesPerSecond is > 0 and var rate ? steps * batch / rate : double.NaN;
        return double.IsFinite(seconds) && seconds < TimeSpan.MaxValue.TotalSeconds / 2 ? TimeSpan.FromSeconds(Math.Ceiling(seconds))
            : null;
    }
}
