using System.Globalization;
using System.Numerics;
using Sagan.Native.Models;

namespace Sagan.Native.Training;

/// <summary>
/// When networks grow: a function of the number of finished steps and the configuration alone. With S = growSteps and F = fadeSteps,
/// <code>size growFrom for S steps; then, until it is the full one, the size doubles:
/// its blocks fade in over F steps with weights 1 / (F + 1), 2 / (F + 1) ... F / (F + 1), and have weight 1 for S steps</code>
/// No weight is 0: a block that is computed learns. Source: Karras et al. 2018, section 2.
/// </summary>
static class GrowthSchedule
{
    /// <summary>The growth with which the step after so many is computed, and with which samples are drawn.</summary>
    public static Growth At(RunConfig config, long step)
    {
        (ModelConfig m, TrainingConfig t) = (config.Model, config.Training);
        if (step >= End(config)) return new Growth(m.Size, 1);
        (long stage, long within) = Math.DivRem(step, Period(t));
        int size = m.GrowFrom << (int)stage;
        return within < t.GrowSteps ? new Growth(size, 1) : new Growth(2 * size, (within - t.GrowSteps + 1) / (t.FadeSteps + 1f));
    }

    /// <summary>The number of steps after which the networks are complete; 0 where they do not grow.</summary>
    public static long End(RunConfig config) =>
        config.Model.GrowFrom == 0 ? 0 : Period(config.Training) * BitOperations.Log2((uint)(config.Model.Size / config.Model.GrowFrom));

    /// <summary>As one line: <c>8x8 to step 1000, 16x16 fades in until 1500 and stays to 2500, 32x32 fades in until 3000</c>.</summary>
    public static string Describe(RunConfig config)
    {
        (ModelConfig m, TrainingConfig t) = (config.Model, config.Training);
        List<string> stages = [Text($"{m.GrowFrom}x{m.GrowFrom} to step {t.GrowSteps}")];
        long step = Period(t);
        for (int size = 2 * m.GrowFrom; size <= m.Size; size *= 2, step += Period(t))
            stages.Add(Text($"{size}x{size} fades in until {step}") + (size < m.Size ? Text($" and stays to {step + t.GrowSteps}") : ""));
        return string.Join(", ", stages);

        static string Text(FormattableString s) => s.ToString(CultureInfo.InvariantCulture);
    }

    static long Period(TrainingConfig t) => (long)t.GrowSteps + t.FadeSteps;
}
