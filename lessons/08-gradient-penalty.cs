#:project Lesson/Lesson.csproj
// Lesson 8: the gradient penalty, a gradient of a gradient. 30 minutes.
//
// Run it:      dotnet run -c Release lessons/08-gradient-penalty.cs
// Where it says  throw new Blank(...)  put code of yours and run it again, until all is right.
// When stuck:  lessons/solutions/08-gradient-penalty.cs
//
// WGAN-GP trains a critic whose slope is to be 1: the loss contains a gradient, and is differentiated. Second order sounds hard and is the
// same rules once more, applied to the backward pass.
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("8. The gradient penalty");

// A critic with one hidden layer. x [N, 2] are N = 3 inputs, W [4, 2], a [1, 4]; D gives a score for each input.
//
//     h = tanh(x W^T)  [N, 4]              D = h a^T  [N, 1]
RandomSource random = new(seed: 8);
Tensor x = Tensor.Randn(random, 3, 2).RequireGrad(), W = Tensor.Randn(random, 4, 2).RequireGrad();
Tensor a = Tensor.Randn(random, 1, 4).RequireGrad();
Tensor D(Tensor x) => x.MatMul(W, transposeB: true).Tanh().MatMul(a, transposeB: true);

// 1 ---- The first gradient -------------------------------------------------------------------------------------------
// G = dD/dx, a row for each input. (D of one input does not depend on the others, so the gradient of the sum of D has them all.) Back
// through D = h a^T, then through tanh, then through x W^T:
//
//     dh = a (for each input)          through tanh: a * (1 - h * h)          G = (a * (1 - h * h)) W         [N, 4] [4, 2] = [N, 2]
Tensor h = x.MatMul(W, transposeB: true).Tanh();
Tensor engineG = Autograd.Grad(Ops.Sum(D(x)), [x], createGraph: true)[0];
Tensor G = Lesson.Check("G", () => throw new Blank("(a * (1 - h * h)) W"), engineG,
    ("the slope of tanh, 1 - h^2, is forgotten", Ops.BroadcastTo(a, h.Shape).MatMul(W)),
    ("the slope of tanh is 1 - h^2, not 1 - h", (a * (1 - h)).MatMul(W)),
    ("h itself in place of the slope of tanh", (a * h).MatMul(W)));

// 2 ---- The penalty --------------------------------------------------------------------------------------------------
// How far the length of each row is from 1, squared, in the mean over the inputs:
//
//     n_i = |G_i| = sqrt(sum_c G_ic^2)             P = mean_i (n_i - 1)^2
//
// A row (0.6, 0.8) has length 1 and costs nothing; (3, 4) has length 5 and costs 16.
Tensor P = Lesson.Check("P", () => throw new Blank("Sum over axis 1, Sqrt, minus 1, Square, Mean"),
    Penalty(engineG),
    ("the root is missing: |G|^2 in place of |G|", Ops.Mean(Ops.Square(Ops.Square(G).Sum(1) - 1))),
    ("one length of all inputs together: each has its own", Ops.Square(Ops.Sqrt(Ops.Sum(Ops.Square(G))) - 1)),
    ("the sum over the inputs in place of the mean", 3 * Penalty(G)),
    ("the minus 1 is forgotten", Ops.Mean(Ops.Square(Ops.Sqrt(Ops.Square(G).Sum(1))))));

// 3 ---- Its gradient, by the engine ----------------------------------------------------------------------------------
// P depends on W through G: G was computed from W. For the engine to know that, the backward pass that makes G has to be on the tape
// itself. That is what createGraph: true says. Without it G is a tensor of plain numbers, and the second Grad says that P is not tracked.
Tensor dW = Lesson.Check("dP/dW", () =>
{
    throw new Blank("G by Autograd.Grad(Ops.Sum(D(x)), [x], createGraph: true)[0]; then return the gradient of Penalty(G) by [W]");
}, Autograd.Grad(Penalty(engineG), [W], createGraph: true)[0]);
Lesson.Show("dP/dW", dW);

// 4 ---- By hand: from P to G -----------------------------------------------------------------------------------------
// The first piece of it. n = |G| has the derivative G / n (the direction of G), so
//
//     c = dP/dG = 2 (n - 1) / N * G / n            n [N, 1], N = 3
Tensor n = Ops.Sqrt(Ops.Square(G).Sum(1, keepDims: true));
Tensor leaf = engineG.Detach().RequireGrad();
Tensor c = Lesson.Check("dP/dG", () => throw new Blank("2 (n - 1) / 3 * G / n"), Autograd.Grad(Penalty(leaf), [leaf])[0],
    ("the mean over the inputs is forgotten: divide by 3", 2 * (n - 1) * G / n),
    ("the direction is G / n: the division by n is forgotten", 2 * (n - 1) / 3 * G));

// 5 ---- By hand: from G to x -----------------------------------------------------------------------------------------
// G = (a * (1 - h * h)) W depends on x through h. Going backwards through this line is the same work as ever; the slope of 1 - h^2 is -2 h,
// and that of h = tanh is 1 - h^2:
//
//     s  = c W^T                           dP/d(a * (1 - h * h))          [N, 2] [2, 4] = [N, 4]
//     dh = s * a * (-2 h)
//     dx = (dh * (1 - h * h)) W
//
// This is the Hessian of D times c, without the Hessian. A critic of relu has none: its slope is constant except at the kinks, so there
// the penalty moves W through the products alone.
Lesson.Check("dP/dx", () =>
{
    throw new Blank("the three lines: s, dh, and return dx");
}, Autograd.Grad(Penalty(engineG), [x], createGraph: true)[0],
    ("the factor 2 of the square is missing", 0.5f * Autograd.Grad(Penalty(engineG), [x], createGraph: true)[0]),
    ("the sign is wrong: 1 - h^2 sinks where h^2 grows", -1 * Autograd.Grad(Penalty(engineG), [x], createGraph: true)[0]),
    ("the slope of h = tanh, 1 - h^2, is forgotten in the last line", (c.MatMul(W, transposeB: true) * a * (-2 * h)).MatMul(W)));
return Lesson.End();

static Tensor Penalty(Tensor G) => Ops.Mean(Ops.Square(Ops.Sqrt(Ops.Square(G).Sum(1)) - 1));
