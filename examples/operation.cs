#:project ../src/Tensor/Tensor.csproj
// Operations of one's own, with gradient rules of their own, checked against finite differences and used in training.
using Sagan.Native;
using Sagan.Native.Checks;
using Sagan.Native.Optim;

RandomSource random = new(seed: 1);

// The rule is checked where the function is smooth: from 1 to 3.
GradErrors errors = GradCheck.Run(x => Mine.Cbrt(x[0]), [1 + 2 * Tensor.Rand(random, 4, 5)]);
Console.WriteLine($"cbrt: relative error of the gradient {errors.First:E1}, of the second {errors.Second:E1}: "
    + (errors.Passed ? "right" : $"WRONG, {errors}"));
GradErrors distance = GradCheck.Run(x => Mine.Distance(x[0], x[1]), [Tensor.Randn(random, 6, 3), Tensor.Randn(random, 6, 3)]);
Console.WriteLine($"distance: {distance.First:E1}, {distance.Second:E1}: {(distance.Passed ? "right" : $"WRONG, {distance}")}");
// In a test, Assert throws, and says what is wrong. Kernels of one's own, of both directions:
GradCheck.Assert(Mine.Silu, Tensor.Randn(random, 4, 5));
Console.WriteLine("silu: right");

// A rule that is no derivative, on purpose: rounding has the slope 0 almost everywhere, and nothing would be learned through it.
Parameter p = new("p", Tensor.From(0.2f, -1.4f, 2.6f));
Tensor target = Tensor.From(3, -3, 1);
Sgd sgd = new([p], learningRate: 0.1f);
for (int i = 0; i < 50; i++) sgd.Minimize(() => Ops.Mean(Ops.Square(Mine.RoundStraightThrough(p) - target)));
Console.WriteLine($"rounded after training through the rounding: {Mine.RoundStraightThrough(p)}");
return errors.Passed && distance.Passed ? 0 : 1;

static class Mine
{
    /// <summary>y = x^(1/3);  dx = g / (3 y^2). The value is computed on the host, the rule is written in operations, so that it can be
    /// differentiated in turn.</summary>
    public static Tensor Cbrt(Tensor x) => Autograd.Custom("cbrt", x,
        x => Tensor.From([.. x.ToArray().Select(MathF.Cbrt)], x.Shape, x.Device),
        (g, x, y) => g / (3 * y.Square()));

    /// <summary>y = |a - b| along the last axis;  da = g (a - b) / y, db = -da, and 0 where a = b, instead of 0 / 0.</summary>
    public static Tensor Distance(Tensor a, Tensor b) => Autograd.Custom("distance", [a, b],
        x => (x[0] - x[1]).Square().Sum(-1, keepDims: true).Sqrt(),
        (g, x, y) =>
        {
            Tensor same = Ops.Equal(y, 0), da = g * (x[0] - x[1]) / (y + same);
            return [da, -da];
        });

    /// <summary>y = x s(x) with s(x) = 1 / (1 + e^-x);  dx = g s (1 + x (1 - s)). Kernels of one's own compute the value and the first
    /// gradient; gradients of gradients are those of the definition.</summary>
    public static Tensor Silu(Tensor x) => Autograd.Custom("silu", x,
        value: x => Tensor.From([.. x.ToArray().Select(v => v / (1 + MathF.Exp(-v)))], x.Shape, x.Device),
        gradient: (g, x, _) =>
        {
            float[] dx = g.ToArray(), a = x.ToArray();
            for (int i = 0; i < dx.Length; i++)
            {
                float s = 1 / (1 + MathF.Exp(-a[i]));
                dx[i] *= s * (1 + a[i] * (1 - s));
            }
            return Tensor.From(dx, x.Shape, x.Device);
        },
        definition: x => x * x.Sigmoid());

    /// <summary>y = x rounded;  dx = g (Bengio et al. 2013, the straight-through estimator).</summary>
    public static Tensor RoundStraightThrough(Tensor x) => Autograd.Custom("round", x,
        x => Tensor.From([.. x.ToArray().Select(v => MathF.Round(v))], x.Shape, x.Device),
        (g, _, _) => g);
}
