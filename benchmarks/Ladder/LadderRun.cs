using Sagan.Native.Kernels;
using Sagan.Native.Measuring;

namespace Sagan.Native.Ladder;

/// <summary>A rung, timed.</summary>
/// <param name="Rung">Which one.</param>
/// <param name="Warm">Calls whose operands are where the last call left them.</param>
/// <param name="Error">Its largest difference from the reference, relative to the root mean square.</param>
/// <param name="PercentOfRoof">Of the roof that binds: see <see cref="MachinePeak.Percent"/>.</param>
/// <param name="Gain">How many times as fast as the rung below it; null for the first.</param>
sealed record RungTiming(Rung Rung, Samples Warm, double Error, double PercentOfRoof, double? Gain);

/// <summary>Checks the rungs of a ladder, and then times them.</summary>
static class LadderRun
{
    /// <summary>Error of each rung. Throws <see cref="KernelMismatchException"/> for the first that computes something else.</summary>
    public static IEnumerable<double> Errors(KernelLadder ladder)
    {
        float[] expected;
        using (Operands o = new(Device.Reference, ladder.Shape.Inputs, ladder.Shape.Outputs))
        {
            ladder.Reference(o);
            expected = o.Results();
        }
        using Operands mine = new(ladder.Device, ladder.Shape.Inputs, ladder.Shape.Outputs);
        foreach (Rung r in ladder.Rungs)
        {
            mine.Forget();
            r.Run(mine);
            yield return Agreement.Check($"{ladder.Name}, rung {r.Name}", expected, mine.Results(), ladder.Tolerance);
        }
    }

    /// <summary>Every rung, checked and then timed by itself for so many seconds, at least five calls.</summary>
    public static IReadOnlyList<RungTiming> Time(KernelLadder ladder, MachinePeak peak, double seconds)
    {
        double[] errors = [.. Errors(ladder)];
        using Operands o = new(ladder.Device, ladder.Shape.Inputs, ladder.Shape.Outputs);
        using KernelClock clock = new(ladder.Device);
        List<RungTiming> timings = [];
        foreach ((Rung r, double error) in ladder.Rungs.Zip(errors))
        {
            Samples warm = clock.Warm(seconds, () => r.Run(o))[0];
            double? gain = timings.Count == 0 ? null : timings[^1].Warm.Median / warm.Median;
            timings.Add(new(r, warm, error, peak.Percent(ladder.Shape.Flops, ladder.Shape.Bytes, warm.Median), gain));
        }
        return timings;
    }
}
