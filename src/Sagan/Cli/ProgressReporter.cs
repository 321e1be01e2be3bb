using System.Globalization;
using System.Text;

namespace Sagan.Native.Cli;

/// <summary>Where a run is. Gammas: one for each attention block of the generator.</summary>
readonly record struct TrainingProgress(long Step, double DLoss, double GLoss, IReadOnlyList<float> Gammas);

/// <summary>
/// Shows how a run goes, on stderr: on a screen as one line that is rewritten, elsewhere as one plain line every ten seconds and at every save.
/// Speed and remaining time are those of the last half minute.
/// </summary>
sealed class ProgressReporter
{
    static readonly TimeSpan LiveInterval = TimeSpan.FromSeconds(0.1), PlainInterval = TimeSpan.FromSeconds(10), SpeedWindow = TimeSpan.FromSeconds(30);

    readonly Terminal terminal;
    readonly long steps;
    readonly int batch;
    readonly TimeProvider time;
    readonly long began;
    // Oldest first, about one a second.
    readonly Queue<(TimeSpan At, long Step)> speed = [];
    TimeSpan shown, sampled;
    TrainingProgress? last;
    long lastShown = -1;
    bool finished;

    /// <summary>Starts the clock. A resumed run begins at <paramref name="fromStep"/> of <paramref name="steps"/>.</summary>
    public ProgressReporter(Terminal terminal, long steps, int batch, long fromStep = 0, TimeProvider? time = null)
    {
        this.terminal = terminal;
        this.steps = steps;
        this.batch = batch;
        this.time = time ?? TimeProvider.System;
        began = this.time.GetTimestamp();
        speed.Enqueue((TimeSpan.Zero, fromStep));
    }

    /// <summary>Images a second over the last half minute; 0 before the first step.</summary>
    public double ImagesPerSecond
    {
        get
        {
            if (last is not { } p) return 0;
            (TimeSpan at, long step) = speed.Peek();
            double seconds = (Elapsed - at).TotalSeconds;
            return seconds > 0 ? (p.Step - step) * batch / seconds : 0;
        }
    }

    TimeSpan Elapsed => time.GetElapsedTime(began);

    /// <summary>A step is done.</summary>
    public void Report(TrainingProgress progress)
    {
        last = progress;
        TimeSpan now = Elapsed;
        if (now - sampled >= TimeSpan.FromSeconds(1))
        {
            sampled = now;
            speed.Enqueue((now, progress.Step));
            while (speed.Count > 2 && now - speed.Peek().At > SpeedWindow) speed.Dequeue();
        }
        if (now - shown >= (terminal.IsLive ? LiveInterval : PlainInterval)) Show();
    }

    /// <summary>A checkpoint is written: a plain line of its own.</summary>
    public void Saved(string what)
    {
        if (!terminal.IsLive) Show();
        terminal.Note($"saved {what}");
    }

    /// <summary>The last state stays on the screen.</summary>
    public void Finish()
    {
        if (!finished) Show();
        finished = true;
        terminal.EndLive();
    }

    void Show()
    {
        if (last is not { } p) return;
        shown = Elapsed;
        if (terminal.IsLive) terminal.Live(Line(p));
        else if (p.Step != lastShown) terminal.Note(Line(p));
        lastShown = p.Step;
    }

    /// <summary>For example <c>step 1200/50000 d=0.61 g=1.20 gamma=0.031 img/s=212 eta=01:12:40</c>.</summary>
    string Line(TrainingProgress p)
    {
        CultureInfo c = CultureInfo.InvariantCulture;
        double rate = ImagesPerSecond;
        StringBuilder s = new();
        s.Append(c, $"step {p.Step}/{steps} d={p.DLoss:0.00} g={p.GLoss:0.00}");
        if (p.Gammas.Count > 0) s.Append(" gamma=").AppendJoin(',', p.Gammas.Select(g => g.ToString("0.000", c)));
        s.Append(" img/s=").Append(rate.ToString(rate < 10 ? "0.0" : "0", c));
        return s.Append(" eta=").Append(Eta(rate > 0 ? (steps - p.Step) * batch / rate : double.NaN)).ToString();
    }

    static string Eta(double seconds)
    {
        if (!double.IsFinite(seconds) || seconds > 3.6e6) return "--:--:--";
        long t = (long)Math.Ceiling(seconds);
        return string.Create(CultureInfo.InvariantCulture, $"{t / 3600:00}:{t / 60 % 60:00}:{t % 60:00}");
    }
}
