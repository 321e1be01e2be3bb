using System.Globalization;
using System.Text.Json.Nodes;
using Sagan.Native.Data.Images;
using Sagan.Native.Losses;

namespace Sagan.Native.Training;

/// <summary>Tells when a run has failed, and why. See <see cref="WatchConfig"/>.</summary>
sealed class Watchdog(WatchConfig config, LossKind loss, double realSpread)
{
    int quiet;

    /// <summary>What a discriminator that gives every image the score 0 loses; null for losses that have no best value.</summary>
    public static double? ChanceLoss(LossKind loss) => loss switch
    {
        LossKind.Hinge => 2,
        LossKind.NonSaturating or LossKind.Bce or LossKind.Kl or LossKind.Dragan => 2 * Math.Log(2),
        LossKind.LeastSquares => 1,
        _ => null,
    };

    /// <summary>
    /// How much images differ from each other: the standard deviation over the images, averaged over pixels and channels, in levels of 0 to
    /// 255.
    /// </summary>
    public static double Spread(IReadOnlyList<Image> images)
    {
        int n = images[0].Pixels.Length;
        double sum = 0;
        for (int i = 0; i < n; i++)
        {
            double mean = images.Average(x => (double)x.Pixels[i]);
            sum += Math.Sqrt(images.Average(x => (x.Pixels[i] - mean) * (x.Pixels[i] - mean)));
        }
        return sum / n;
    }

    /// <summary>Why the run has failed with this step, or null.</summary>
    public string? See(StepReport r)
    {
        CultureInfo c = CultureInfo.InvariantCulture;
        if (!r.IsFinite) return string.Create(c, $"losses D {r.DLoss}, G {r.GLoss} at step {r.Step}");
        if (ChanceLoss(loss) is not { } chance || config.Patience == 0) return null;
        quiet = r.DLoss < config.ZeroLoss * chance ? quiet + 1 : 0;
        if (quiet < config.Patience) return null;
        quiet = 0;
        return string.Create(c, $"the discriminator has won: its loss was below {config.ZeroLoss * chance:G3} for {config.Patience} steps, "
            + $"the last of them {r.Step}");
    }

    /// <summary>
    /// What to say of a discriminator that wins as a run of so many steps ends, though not yet for as long as
    /// <see cref="WatchConfig.Patience"/>: a tenth of the run, and ten steps at least; or null.
    /// </summary>
    public string? Ending(int steps)
    {
        if (quiet < Math.Max(10, steps / 10) || ChanceLoss(loss) is not { } chance) return null;
        string low = string.Create(CultureInfo.InvariantCulture, $"its loss was below {config.ZeroLoss * chance:G3} in the last "
            + $"{quiet} steps");
        return $"the discriminator has won: {low}, so the generator learns nothing any more; "
            + "a lower --d-lr, a higher --g-lr, or --augment where there are few images help";
    }

    /// <summary>Why the run has failed with these samples of a step, or null.</summary>
    public string? See(IReadOnlyList<Image> samples, int step)
    {
        double spread = Spread(samples);
        return spread >= config.Collapse * realSpread ? null : string.Create(CultureInfo.InvariantCulture,
            $"the generator has collapsed: at step {step} its images differ by {spread:0.00} of 255 levels, "
            + $"real ones by {realSpread:0.00}");
    }

    /// <summary>True at steps whose samples are to be shown.</summary>
    public bool Looks(int step) => config.Collapse > 0 && step % config.Every == 0;

    /// <summary>What a resumed run must know.</summary>
    public JsonNode State
    {
        get => JsonValue.Create(quiet);
        set => quiet = value.GetValue<int>();
    }
}
