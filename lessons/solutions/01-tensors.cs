#:project ../Lesson/Lesson.csproj
// Lesson 1: tensors and the tape. 20 minutes.
//
// This is the solution. Run it:      dotnet run -c Release lessons/solutions/01-tensors.cs
//
// A gradient says how a number changes when each of many others changes a little. This lesson takes three by hand, and then writes the
// loop that takes all of them.
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("1. Tensors and the tape");

// 1 ---- Shapes -------------------------------------------------------------------------------------------------------
// A tensor is a block of float32 numbers with a shape. Operations make new tensors and change none. Where two shapes differ, they are
// aligned at the last axis, and an axis of size 1 is repeated: [2, 3] - [1, 3] subtracts one row from both rows.
//
// Take from each column of x its mean over the rows, so that every column of the result adds up to 0:
//
//     x = [[1, 2, 3],       mean over the rows = [[3, 2, 5]]       centred = [[-2, 0, -2],
//          [5, 2, 7]]                                                         [ 2, 0,  2]]
//
// x.Mean(axis, keepDims: true) is the mean over an axis, which stays with size 1. Axis 0 goes down the rows, axis 1 along the columns.
Tensor x = Tensor.From(new float[,] { { 1, 2, 3 }, { 5, 2, 7 } });
Lesson.Show("x", x);
Lesson.Check("centred", () => x - x.Mean(0, keepDims: true),
    Tensor.From(new float[,] { { -2, 0, -2 }, { 2, 0, 2 } }),
    ("the mean over the wrong axis: of each row in place of each column", x - x.Mean(1, keepDims: true)),
    ("the mean of all numbers, in place of one for each column", x - x.Mean()));

// 2 ---- A gradient by hand -------------------------------------------------------------------------------------------
// A line y = w t through the points (1, 2), (2, 3), (3, 5). How bad a slope w is, and how that changes with w:
//
//     L = sum_i (w t_i - y_i)^2         dL/dw = sum_i 2 (w t_i - y_i) t_i
//
// The 2 comes from the square, the last t_i from inside the brackets: the chain rule. At w = 1 the errors are -1, -1, -2, so
// dL/dw = 2 (-1 * 1 - 1 * 2 - 2 * 3) = -18: a larger w makes L smaller.
Tensor t = Tensor.From(1, 2, 3), y = Tensor.From(2, 3, 5), w = Tensor.Scalar(1).RequireGrad();
Tensor loss = Ops.Sum(Ops.Square(w * t - y));
// The engine's answer. RequireGrad said that w will be asked for.
float dw = Autograd.Grad(loss, [w])[0].Item();
Lesson.Check("dL/dw", () => Ops.Sum(2 * (w * t - y) * t).Item(), dw,
    ("the factor 2 of the square is missing", -9),
    ("the inner derivative is missing: each error times t", -8));

// 3 ---- Two ways to the same number ----------------------------------------------------------------------------------
// y = x tanh(x) reads x twice. Each use has its own derivative with the other held still, and the two are added:
//
//     dy/dx = tanh(x) * 1  +  x * (1 - tanh(x)^2)
//
// (The derivative of tanh is 1 - tanh^2.) For each element of x:
Tensor a = Tensor.From(-1, 0.5f, 2).RequireGrad(), h = a.Tanh();
Lesson.Check("dy/dx", () => h + a * (1 - h * h), Autograd.Grad(Ops.Sum(a * a.Tanh()), [a])[0],
    ("the way through the first factor alone: tanh(x)", h),
    ("the way through tanh alone: x (1 - tanh^2)", a * (1 - h * h)),
    ("the two are multiplied; they are added", h * a * (1 - h * h)));

// 4 ---- The tape -----------------------------------------------------------------------------------------------------
// The engine does this for any formula. As operations run it writes them on a tape: what each was made of, and its slopes. This is the
// tape of L = (w x)^2 + w at w = 1.5, x = 2:
//
//     entry                 made of     slopes
//     0   w          1.5    given
//     1   x          2      given
//     2   w x        3      0 and 1     d/d0 = x = 2      d/d1 = w = 1.5
//     3   (w x)^2    9      2 and 2     d/d2 = 3, twice: the square is entry 2 times itself
//     4   L          10.5   3 and 0     d/d3 = 1          d/d0 = 1
//
// Let d[i] be dL/d(entry i). d[4] is 1. Go through the tape backwards: when entry i comes up, its d[i] is complete, since all that read it
// stand behind it. Then it gives its share to what it was made of:   d[A] += d[i] * SlopeA,   d[B] += d[i] * SlopeB.
// += and not =, because an entry may be read more than once: w is, by 2 and by 4.
(int A, int B, float SlopeA, float SlopeB)[] tape = [(-1, -1, 0, 0), (-1, -1, 0, 0), (0, 1, 2, 1.5f), (2, 2, 3, 3), (3, 0, 1, 1)];

Tensor e0 = Tensor.Scalar(1.5f).RequireGrad(), e1 = Tensor.Scalar(2).RequireGrad(), e2 = e0 * e1, e3 = e2 * e2, e4 = e3 + e0;
Tensor engine = Ops.Stack(Autograd.Grad(e4, [e0, e1, e2, e3, e4]));
Lesson.Check("tape", () =>
{
    float[] d = new float[5];
    d[4] = 1;
    for (int i = 4; i >= 0; i--)
    {
        if (tape[i].A < 0) continue;
        d[tape[i].A] += d[i] * tape[i].SlopeA;
        d[tape[i].B] += d[i] * tape[i].SlopeB;
    }
    return Tensor.From(d);
}, engine,
    ("= in place of +=: an entry that is read twice loses a share", Tensor.From(6, 4.5f, 3, 1, 1)),
    ("the loop goes forwards: shares are given before they are complete", Tensor.From(1, 0, 0, 1, 1)),
    ("a slope is forgotten: d[A] += d[i] * SlopeA", Tensor.From(3, 2, 2, 1, 1)));

// Autograd.Grad is this loop, with tensors in place of numbers and rules in place of slopes (src/Tensor/Autograd/Grad.cs). It can draw its
// tape; paste this where Mermaid is understood, or write .Svg to a file.
Lesson.Say("\n" + Autograd.Draw(e4, ("w", e0), ("x", e1), ("L", e4)).Mermaid);
return Lesson.End();
