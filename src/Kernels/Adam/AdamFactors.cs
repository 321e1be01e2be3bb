namespace Sagan.Native.Kernels;

/// <summary>
/// The factors of one step: m = (m - Rest1 m) + Rest1 g, v = (v - Rest2 v) + Rest2 g^2, p += Rate m / (sqrt(v) RootScale + Epsilon). Rest =
/// 1 - beta is rounded once, from double, and stands in both terms: a float near 1 has too few digits for its distance from 1 (0.99999f:
/// 1.00136e-5).
/// </summary>
readonly record struct AdamFactors(float Rest1, float Rest2, float RootScale, float Epsilon, float Rate)
{
    public AdamFactors(in AdamSpec s) : this((float)(1 - s.Beta1), (float)(1 - s.Beta2), 1, s.Epsilon, 0)
    {
        double bias1 = 1 - Math.Pow(s.Beta1, s.Step), root2 = Math.Sqrt(1 - Math.Pow(s.Beta2, s.Step));
        bool torch = s.Form == AdamForm.Torch;
        RootScale = torch ? (float)(1 / root2) : 1;
        Rate = -(float)(s.LearningRate / bias1 * (torch ? 1 : root2));
    }
}
