#:project ../Lesson/Lesson.csproj
// Lesson 3: softmax and its Jacobian. 25 minutes.
//
// This is the solution. Run it:      dotnet run -c Release lessons/solutions/03-softmax.cs
//
// Softmax makes weights of scores: positive, and 1 in sum. Attention is made of it, and so is every classifier. Its gradient is where most
// hand-written attention goes wrong.
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("3. Softmax");

// 1 ---- The weights --------------------------------------------------------------------------------------------------
// For each row of x by itself:
//
//     p_j = e^x_j / sum_k e^x_k              (1, 2, 3)  ->  (2.718, 7.389, 20.09) / 30.19  =  (0.0900, 0.2447, 0.6652)
//
// Sum(axis, keepDims: true) keeps the axis with size 1, so that the division repeats it. The last axis is -1.
Tensor x = Tensor.From(new float[,] { { 1, 2, 3 }, { 0.5f, -1, 0 } }).RequireGrad();
Lesson.Show("x", x);
Tensor p = Lesson.Check("p", () => x.Exp() / x.Exp().Sum(-1, keepDims: true), x.Softmax(),
    ("softmax over the wrong axis: each column adds up to 1, each row should", x.Softmax(0)),
    ("the division is missing", x.Exp()),
    ("divided by the sum of all: each row should add up to 1", x.Exp() / x.Exp().Sum()));

// 2 ---- Large scores -------------------------------------------------------------------------------------------------
// e^89 is more than a float32 can hold, and infinity / infinity is no number. But softmax does not change when the same number is taken
// from a whole row: e^(x_j - m) / sum_k e^(x_k - m), and e^-m cancels. With m the largest of the row, no exponent is above 0.
Tensor large = Tensor.From(new float[,] { { 1000, 1001, 1002 }, { -500, 0, 88 } });
Lesson.Check("large", () =>
{
    Tensor e = (large - large.Max(-1, keepDims: true)).Exp();
    return e / e.Sum(-1, keepDims: true);
}, large.Softmax(),
    ("the maximum of all in place of each row's", (large - large.Max()).Exp() / (large - large.Max()).Exp().Sum(-1, keepDims: true)));

// 3 ---- The Jacobian -------------------------------------------------------------------------------------------------
// Every p_j depends on every x_k of its row. A larger x_j makes p_j larger; a larger x_k, k not j, makes the sum larger and so p_j smaller.
// From the quotient rule:
//
//     J_jk = dp_j/dx_k = p_j (1 - p_j)   where j = k             J_jk = p_j (d_jk - p_k),   d_jk = 1 where j = k, else 0
//                        - p_j p_k       elsewhere
//
// For p = (0.0900, 0.2447, 0.6652) the first row of J is (0.0819, -0.0220, -0.0599). It adds up to 0: the p's stay 1 in sum.
float[] P = p[0, ..].ToArray();
Tensor[] rows = [.. Enumerable.Range(0, 3).Select(j => Autograd.Grad(x.Softmax()[0, j..(j + 1)], [x])[0][0, ..])];
Tensor outer = -1 * p[0, ..].Reshape(3, 1) * p[0, ..].Reshape(1, 3);
Lesson.Check("J", J =>
{
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 3; k++)
        {
            J[j * 3 + k] = P[j] * ((j == k ? 1 : 0) - P[k]);
        }
}, Ops.Stack(rows), "every J[j * 3 + k] is to be written",
    ("d_jk is missing: the diagonal is p_j (1 - p_j)", outer),
    ("outside of the diagonal - p_j p_k is missing",
        Ops.Stack(rows) * Tensor.From(new float[,] { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } })));

// 4 ---- The gradient, without the Jacobian ---------------------------------------------------------------------------
// Backward, g = dL/dp is given and dx wanted. A row of 1000 scores has a Jacobian of a million numbers, and none of them is needed:
//
//     dx_k = sum_j g_j J_jk = sum_j g_j p_j d_jk - sum_j g_j p_j p_k = p_k (g_k - sum_j g_j p_j)
//
//     dx = p * (g - rowsum(g * p))           * is cell by cell
//
// In words: what the row gains on average is taken away. A g that is the same everywhere changes nothing, since the weights stay 1 in sum.
Tensor g = Tensor.From(new float[,] { { 1, 0, -1 }, { 2, 0.5f, 0 } });
Lesson.Check("dx", () => p * (g - (g * p).Sum(-1, keepDims: true)),
    Autograd.Grad(Ops.Sum(x.Softmax() * g), [x])[0],
    ("the row sum is forgotten: p * g alone", p * g),
    ("the row sum is of g, not of g * p", p * (g - g.Sum(-1, keepDims: true))),
    ("the sum is over all rows, each row has its own", p * (g - (g * p).Sum())),
    ("the sum is over the wrong axis", p * (g - (g * p).Sum(0, keepDims: true))));

// 5 ---- The gradient of a classifier ---------------------------------------------------------------------------------
// The loss of a classifier is what it did not believe of the right class, L = mean over the rows of -log p_label. Its gradient by p is
// -1 / p_label at the label and 0 elsewhere; through the line above nearly all of it cancels:
//
//     dx = (p - y) / rows,      y = 1 at the label of each row, else 0
//
// Row 1, label 2: (0.0900, 0.2447, 0.6652 - 1) / 2. The score of the right class rises, the others sink by what they were believed.
Tensor y = Tensor.From(new float[,] { { 0, 0, 1 }, { 1, 0, 0 } });
Lesson.Check("dloss/dx", () => (p - y) / 2, Autograd.Grad(Ops.CrossEntropy(x, IndexTensor.From([2, 0])), [x])[0],
    ("the mean over the rows is forgotten: divide by their number", p - y),
    ("the sign is wrong: p - y, not y - p", (y - p) / 2));
return Lesson.End();
