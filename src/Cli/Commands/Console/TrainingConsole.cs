using Sagan.Native.Training;

namespace Sagan.Native.Commands.Console;

/// <summary>
/// Shows how a run goes, on stderr. On a screen as lines that are rewritten: the numbers of the step, the course of both losses since the
/// command began, the newest picture; without escapes the first of them. Elsewhere as one plain line every ten seconds and at every save.
/// </summary>
/// <param name="terminal">Where.</param>
/// <param name="time">The clock.</param>
sealed class TrainingConsole(Terminal terminal, TimeProvider? time = null)
{
    static readonly TimeSpan LiveInterval = TimeSpan.FromSeconds(0.1), PlainInterval = TimeSpan.FromSeconds(10);

    readonly TimeProvider time = time ?? TimeProvider.System;
    readonly Sparkline d = new(24), g = new(24);
    string? picture;
    long? shownAt;
    StepDone? last;
    int lastShown = -1;
    bool finished;

    /// <summary>Something happened.</summary>
    public void Show(TrainingEvent e)
    {
        switch (e)
        {
            case StepDone step:
                last = step;
                d.Add(step.DLoss);
                g.Add(step.GLoss);
                shownAt ??= time.GetTimestamp();
                if (time.GetElapsedTime(shownAt.Value) >= (terminal.IsLive ? LiveInterval : PlainInterval)) ShowStep();
                break;
            case CheckpointSaved:
                if (!terminal.IsLive) ShowStep();
                terminal.Note(e.ToString());
                break;
            case Started or Note or Measured:
                terminal.Note(e.ToString());
                break;
            case SampleDrawn drawn:
                picture = drawn.Path;
                break;
            case Warning warning:
                terminal.Warning(warning.Text);
                break;
            case RolledBack back:
                terminal.Warning(back.Text);
                break;
            case Ended:
                Finish();
                break;
        }
    }

    /// <summary>The last state stays on the screen.</summary>
    public void Finish()
    {
        if (!finished) ShowStep();
        finished = true;
        terminal.EndLive();
    }

    void ShowStep()
    {
        if (last is not { } step) return;
        shownAt = time.GetTimestamp();
        if (terminal.IsLive) terminal.Live(
            [step.ToString(), $"d {d}   g {g}", .. picture == null ? Array.Empty<string>() : [$"samples: {picture}"]]);
        else if (step.Step != lastShown) terminal.Note(step.ToString());
        lastShown = step.Step;
    }
}
