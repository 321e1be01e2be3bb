using System.Globalization;
using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>
/// How well pictures of <see cref="Creature"/>s hang together across the image and differ from each other, measured from pixels alone:
/// <code>
/// consistency  = figures * max(0, agreement) * diversity
/// figures      = share of the pictures in which <see cref="CreatureReader"/> finds a whole figure on either side
/// agreement    = mean of kappa in ear colour, ear shape and eye colour, over the pictures with a figure
/// kappa        = (p - e) / (1 - e), Cohen's kappa of left and right; 0 where e = 1
///                p = share in which left = right, e = sum over all values v of share(left = v) share(right = v)
/// diversity    = min(1, combinations / 54), 54 = 6 ear colours * 3 ear shapes * 3 eye colours, which are equally frequent in real pictures
/// combinations = exp(H), H = entropy of (ear colour, ear shape, eye colour), mean of left and right, corrected for few pictures
/// </code>
/// Near 1 for real creatures. 0, or what chance leaves of it, where sides do not belong together (kappa is 0 for halves of different
/// creatures), where all pictures are one (left and right agree, but no more than always the same value makes them: kappa is 0), and where
/// nothing is recognisable (no figures).
/// </summary>
/// <param name="Images">Number of pictures.</param>
/// <param name="Figures">Share of the pictures that show a figure, 0 to 1.</param>
/// <param name="EarColour">Kappa of the colours of both ears: 1 = always equal, 0 = as often as by chance, below 0 = less often.</param>
/// <param name="EarShape">Kappa of the shapes of both ears.</param>
/// <param name="EyeColour">Kappa of the colours of both eyes.</param>
/// <param name="Combinations">
/// Effective number of combinations of ear colour, ear shape and eye colour; 0 without figures, 1 where all figures have one.
/// </param>
public sealed record CreatureConsistency(
    int Images, double Figures, double EarColour, double EarShape, double EyeColour, double Combinations)
{
    /// <summary>Whether it can be measured of the pictures that a run makes: those that learned from the built-in set, in colour.</summary>
    public static bool IsOf(string source, int channels) => source == Dataset.Creatures && channels == 3;

    /// <summary>Number of combinations among real creatures, where all are as frequent.</summary>
    public static int RealCombinations { get; } = Creature.Colours.Count * Enum.GetValues<EarShape>().Length * Creature.EyeColours.Count;

    /// <summary>Mean of the three kappas.</summary>
    public double Agreement => (EarColour + EarShape + EyeColour) / 3;

    /// <summary>Combinations as a part of those of real creatures, at most 1.</summary>
    public double Diversity => Math.Min(1, Combinations / RealCombinations);

    /// <summary>The one number: figures times agreement times diversity, 0 to 1.</summary>
    public double Overall => Figures * Math.Max(0, Agreement) * Diversity;

    /// <summary>The parts under the names they have in logs and reports.</summary>
    public IReadOnlyList<(string Name, double Value)> Parts =>
    [
        ("figures", Figures), ("agreement", Agreement), ("ear_colour", EarColour), ("ear_shape", EarShape), ("eye_colour", EyeColour),
        ("combinations", Combinations), ("diversity", Diversity),
    ];

    /// <summary>All parts in a few words.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"figures {Figures:P0}; left and right agree beyond chance {Agreement:P0}: ear colour {EarColour:P0}, ear shape {EarShape:P0}, ")
        + string.Create(CultureInfo.InvariantCulture, $"eye colour {EyeColour:P0}; {Combinations:F0} of {RealCombinations} combinations");

    /// <summary>Measures pictures of any size and 3 channels.</summary>
    public static CreatureConsistency Measure(IEnumerable<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        int count = 0;
        List<CreatureHalf> left = [], right = [];
        foreach (Image image in images)
        {
            count++;
            if (CreatureReader.Read(image) is not (CreatureHalf l, CreatureHalf r)) continue;
            left.Add(l);
            right.Add(r);
        }
        double Of(Func<CreatureHalf, int> attribute) => Kappa([.. left.Select(attribute)], [.. right.Select(attribute)]);
        double figures = count == 0 ? 0 : (double)left.Count / count;
        double combinations = left.Count == 0 ? 0 : Math.Exp((Entropy(left) + Entropy(right)) / 2);
        return new CreatureConsistency(count, figures, Of(h => h.EarColour), Of(h => (int)h.EarShape), Of(h => h.EyeColour), combinations);
    }

    /// <summary>Cohen's kappa of two readings of the same things: agreement beyond what their frequencies alone would give.</summary>
    static double Kappa(int[] a, int[] b)
    {
        double n = a.Length, same = a.Zip(b).Count(p => p.First == p.Second);
        // In whole numbers, so that "always one value" is met exactly.
        double chance = a.CountBy(v => v).Sum(v => (double)v.Value * b.Count(w => w == v.Key));
        return chance == n * n ? 0 : (n * same - chance) / (n * n - chance);
    }

    /// <summary>
    /// Entropy in nats: that of the frequencies, and (values seen - 1) / 2n, by which it falls short on average (Miller and Madow).
    /// </summary>
    static double Entropy(List<CreatureHalf> halves)
    {
        int[] counts = [.. halves.CountBy(h => (h.EarColour, h.EarShape, h.EyeColour)).Select(v => v.Value)];
        double n = halves.Count;
        return counts.Sum(c => -c / n * Math.Log(c / n)) + (counts.Length - 1) / (2 * n);
    }
}
