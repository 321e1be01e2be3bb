using System.Globalization;
using Sagan.Native.Commands.Console;
using Sagan.Native.Data.Images;
using Sagan.Native.Training;

namespace Sagan.Native.Tests;

public sealed class TrainingConsoleTests
{
    sealed class ManualTime : TimeProvider
    {
        long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Advance(double seconds) => ticks += (long)(seconds * TimeSpan.TicksPerSecond);
    }

    static StepDone Done(int step, int steps, float d, float[] gammas) =>
        new(step, steps, d, 1.2f, gammas, 64, TimeSpan.FromSeconds(Math.Ceiling((steps - step) / 2.0)));

    static string[] Lines(StringWriter w) => w.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void Redirected_it_is_a_plain_line_every_ten_seconds_and_at_every_save()
    {
        StringWriter error = new();
        ManualTime time = new();
        TrainingConsole r = new(new Terminal(TextWriter.Null, error, new TerminalOptions()), time);
        for (int step = 1001; step <= 1050; step++)
        {
            r.Show(Done(step, 50_000, 0.612f, [0.0312f, -0.5f]));
            time.Advance(0.5);
            if (step == 1025) r.Show(new CheckpointSaved(step, "x"));
        }
        r.Show(new Ended(1050, EndReason.Finished));
        r.Finish();
        Assert.Equal(
        [
            "step 1021/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:48:10",
            "step 1025/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:48:08",
            "saved checkpoint of step 1025",
            "step 1046/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:47:57",
            "step 1050/50000 d=0.61 g=1.20 gamma=0.031,-0.500 img/s=64 eta=06:47:55",
        ], Lines(error));
    }

    [Fact]
    public void Speed_is_that_of_the_last_half_minute()
    {
        ManualTime time = new();
        Speed speed = new(batch: 10, fromStep: 0, time);
        Assert.Equal(0, speed.ImagesPerSecond);
        Assert.Null(speed.For(1));
        for (int step = 1; step <= 60; step++)
        {
            time.Advance(step <= 10 ? 10 : 1);
            speed.Passed(step);
        }
        Assert.Equal(10, speed.ImagesPerSecond, 0.5);
        Assert.Equal(100, speed.For(100)!.Value.TotalSeconds, 5);
    }

    [Fact]
    public void On_a_screen_it_is_one_line_rewritten_at_most_ten_times_a_second()
    {
        StringWriter error = new();
        ManualTime time = new();
        TrainingConsole r = new(new Terminal(TextWriter.Null, error, new TerminalOptions { Live = true }), time);
        for (int step = 1; step <= 1000; step++)
        {
            time.Advance(0.001);
            r.Show(Done(step, 1000, float.NaN, []));
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
    public void With_escapes_it_is_a_block_of_lines_with_the_course_of_the_losses_and_the_newest_picture()
    {
        StringWriter error = new();
        ManualTime time = new();
        TerminalOptions screen = new() { Live = true, ErrorColour = true, ErrorIsScreen = true, Width = () => 80 };
        TrainingConsole r = new(new Terminal(TextWriter.Null, error, screen), time);
        for (int step = 1; step <= 3; step++)
        {
            r.Show(Done(step, 3, step, []));
            time.Advance(1);
        }
        r.Show(new SampleDrawn(3, "samples/step-0000003.png", new Image(1, 1, 1), []));
        r.Show(new Warning(3, "hot"));
        r.Show(new Ended(3, EndReason.Finished));
        string text = error.ToString(), end = text[text.LastIndexOf("\e[2K", StringComparison.Ordinal)..][4..];
        Assert.StartsWith("step 3/3 d=3.00", end, StringComparison.Ordinal);
        Assert.Contains($"{Environment.NewLine}d ▁▅█   g ▁▁▁{Environment.NewLine}samples: samples/step-0000003.png", end,
            StringComparison.Ordinal);
        Assert.EndsWith(Environment.NewLine, end, StringComparison.Ordinal);
        Assert.Contains("\e[33mwarning: \e[0mhot", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_course_is_as_wide_as_it_may_be_and_of_the_whole_run()
    {
        Sparkline s = new(8);
        Assert.Equal("", s.ToString());
        for (int i = 0; i < 1000; i++) s.Add(i % 2 == 0 ? i : double.NaN);
        Assert.InRange(s.ToString().Length, 4, 8);
        Assert.Equal(string.Concat(s.ToString().Order()), s.ToString());
    }

    [Fact]
    public void Numbers_have_a_point_in_every_culture()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            NumberFormatInfo comma = new() { NumberDecimalSeparator = ",", NumberGroupSeparator = "." };
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = comma };
            StepDone done = new(5, 5000, 0.61f, 1.2f, [0.5f], 0.5, TimeSpan.FromSeconds(9990));
            Assert.Equal("step 5/5000 d=0.61 g=1.20 gamma=0.500 img/s=0.5 eta=02:46:30", done.ToString());
            Assert.EndsWith("eta=--:--:--", (done with { Remaining = null }).ToString(), StringComparison.Ordinal);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
