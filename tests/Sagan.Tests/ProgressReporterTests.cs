using System.Globalization;
using Sagan.Native.Cli;

namespace Sagan.Native.Tests;

public sealed class ProgressReporterTests
{
    sealed class ManualTime : TimeProvider
    {
        long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Advance(double seconds) => ticks += (long)(seconds * TimeSpan.TicksPerSecond);
    }

    static string[] Lines(StringWriter w) => w.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void Redirected_it_is_a_plain_line_every_ten_seconds_and_at_every_save()
    {
        StringWriter error = new();
        ManualTime time = new();
        ProgressReporter r = new(new Terminal(TextWriter.Null, error, new TerminalOptions()), steps: 50_000, batch: 32, fromStep: 1000, time);
        for (int step = 1001; step <= 1050; step++)
        {
            time.Advance(0.5);
            r.Report(new TrainingProgress(step, 0.612, 1.2, [0.0312f, -0.5f]));
            if (step == 1025) r.Saved("step-0001025");
        }
        r.Finish();
        Assert.Equal(
        [
            "step 1020/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:48:10",
            "step 1025/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:48:08",
            "saved step-0001025",
            "step 1045/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:47:58",
            "step 1050/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:47:55",
        ], Lines(error));
    }

    [Fact]
    public void Speed_is_that_of_the_last_half_minute()
    {
        ManualTime time = new();
        ProgressReporter r = new(new Terminal(TextWriter.Null, TextWriter.Null, new TerminalOptions()), 1000, 10, 0, time);
        for (int step = 1; step <= 60; step++)
        {
            time.Advance(step <= 10 ? 10 : 1);
            r.Report(new TrainingProgress(step, 0, 0, []));
        }
        Assert.Equal(10, r.ImagesPerSecond, 0.5);
    }

    [Fact]
    public void On_a_screen_it_is_one_line_rewritten_at_most_ten_times_a_second()
    {
        StringWriter error = new();
        ManualTime time = new();
        ProgressReporter r = new(new Terminal(TextWriter.Null, error, new TerminalOptions { Live = true }), 1000, 1, 0, time);
        for (int step = 1; step <= 1000; step++)
        {
            time.Advance(0.001);
            r.Report(new TrainingProgress(step, double.NaN, 1, []));
        }
        r.Finish();
        string text = error.ToString();
        Assert.InRange(text.Split("step ").Length - 1, 9, 12);
        Assert.DoesNotContain('\x1b', text);
        Assert.Contains("d=NaN", text);
        Assert.EndsWith(Environment.NewLine, text);
        Assert.Single(text.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Numbers_have_a_point_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            NumberFormatInfo comma = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = comma };
            StringWriter error = new();
            ManualTime time = new();
            ProgressReporter r = new(new Terminal(TextWriter.Null, error, new TerminalOptions()), 5000, 1, 0, time);
            time.Advance(10);
            r.Report(new TrainingProgress(5, 0.61, 1.2, [0.5f]));
            Assert.Equal("step 5/5000 d=0.61 g=1.20 gamma=0.500 img/s=0.5 eta=02:46:30", Assert.Single(Lines(error)));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
