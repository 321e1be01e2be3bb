using Sagan.Native.Images;

namespace Sagan.Native.Data;

/// <summary>
/// How often far-apart parts of pictures of <see cref="Creature"/>s agree, measured from pixels alone. Each score is the share of the pictures with a figure in
/// which the two parts agree; a part that cannot be made out agrees with nothing. Real creatures score about 1; halves of different creatures joined score what
/// chance gives: 1/6 for a colour of six, 1/3 for ear shape and eye colour, 1/2 for the arms, 1/4 for the background.
/// </summary>
/// <param name="Images">Number of pictures.</param>
/// <param name="Figures">Share of the pictures that show a figure: a body on a plain background.</param>
/// <param name="Background">The background has one colour on both sides.</param>
/// <param name="Body">The body has one colour on both sides.</param>
/// <param name="EarColour">Both ears have one colour.</param>
/// <param name="EarShape">Both ears have one shape.</param>
/// <param name="EyeColour">Both eyes have one colour.</param>
/// <param name="ArmCount">Both sides have the same number of arms.</param>
/// <param name="EarToArm">An ear has the colour of the arm on the other side: the parts that are farthest apart. Mean of both diagonals.</param>
public sealed record CreatureConsistency(
    int Images, double Figures, double Background, double Body, double EarColour, double EarShape, double EyeColour, double ArmCount, double EarToArm)
{
    /// <summary>Share of figures times the mean of the seven scores: 1 for real creatures, 0 for noise.</summary>
    public double Overall => Figures * (Background + Body + EarColour + EarShape + EyeColour + ArmCount + EarToArm) / 7;

    /// <summary>Measures pictures of any size and 3 channels.</summary>
    public static CreatureConsistency Measure(IEnumerable<Image> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        int count = 0, figures = 0;
        double background = 0, body = 0, earColour = 0, earShape = 0, eyeColour = 0, arms = 0, earToArm = 0;
        foreach (Image image in images)
        {
            count++;
            if (CreatureReader.Read(image) is not (CreatureHalf left, CreatureHalf right))
            {
                continue;
            }
            figures++;
            background += Same(left.Background, right.Background);
            body += Same(left.Body, right.Body);
            earColour += Same(left.EarColour, right.EarColour);
            earShape += Same((int?)left.EarShape, (int?)right.EarShape);
            eyeColour += Same(left.EyeColour, right.EyeColour);
            arms += Same(left.Arms, right.Arms);
            earToArm += (Same(left.EarColour, right.ArmColour) + Same(right.EarColour, left.ArmColour)) / 2;
        }
        double n = Math.Max(1, figures);
        double share = count == 0 ? 0 : (double)figures / count;
        return new CreatureConsistency(count, share, background / n, body / n, earColour / n, earShape / n, eyeColour / n, arms / n, earToArm / n);
    }

    static double Same(int? a, int? b) => a is not null && a == b ? 1 : 0;
}
