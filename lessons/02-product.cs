#:project Lesson/Lesson.csproj
// Lesson 2: the product of matrices, and its gradients. 20 minutes.
//
// Run it:      dotnet run -c Release lessons/02-product.cs
// Where it says  throw new Blank(...)  put code of yours and run it again, until all is right.
// When stuck:  lessons/solutions/02-product.cs
//
// Nearly all that a network computes is products of matrices. Each has two gradients, and each of these is a product again.
using Sagan.Native;
using Sagan.Native.Checks;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("2. The product");

// 1 ---- The product --------------------------------------------------------------------------------------------------
// a is [M, K], b is [K, N], y = a b is [M, N]. A cell is a row of a times a column of b:
//
//     y_ij = sum_k a_ik b_kj
//
//     [[1, 2],  [[5, 6],   =  [[1*5 + 2*7, 1*6 + 2*8],   =  [[19, 22],
//      [3, 4]]   [7, 8]]       [3*5 + 4*7, 3*6 + 4*8]]       [43, 50]]
//
// In memory a matrix lies row by row, so cell [i, j] of a matrix with N columns is number i * N + j.
const int M = 3, K = 2, N = 4;
RandomSource random = new(seed: 2);
Tensor a = Tensor.Randn(random, M, K).RequireGrad(), b = Tensor.Randn(random, K, N).RequireGrad();
float[] A = a.ToArray(), B = b.ToArray();
Lesson.Check("y", y =>
{
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++)
        {
            throw new Blank("add A[i * K + k] * B[k * N + j] over k, and put the sum into y[i * N + j]");
        }
}, a.MatMul(b), "y[i * N + j] is to be written; it holds NaN before",
    ("the last k alone: the sum is overwritten, not added to", a[.., 1..].MatMul(b[1.., ..])));

// 2 ---- Its gradients ------------------------------------------------------------------------------------------------
// Let g = dL/dy, the same shape as y: how the loss changes with each cell of y. a_ik takes part in a whole row of y, in y_ij with the
// factor b_kj. So
//
//     dL/da_ik = sum_j g_ij b_kj           da = g b^T         [M, N] [N, K] = [M, K]
//     dL/db_kj = sum_i a_ik g_ij           db = a^T g         [K, M] [M, N] = [K, N]
//
// The shapes leave no other choice: a gradient has the shape of what it is the gradient of.
// a.MatMul(b, transposeA: true) is a^T b; transposeB likewise.
Tensor g = Tensor.Randn(random, M, N);
Tensor[] d = Autograd.Grad(Ops.Sum(a.MatMul(b) * g), [a, b]);
Lesson.Check("da", () => throw new Blank("g b^T"), d[0], ("transposed: b g^T", b.MatMul(g, transposeB: true)));
Lesson.Check("db", () => throw new Blank("a^T g"), d[1], ("transposed: g^T a", g.MatMul(a, transposeA: true)));

// 3 ---- A linear layer -----------------------------------------------------------------------------------------------
// y = x w^T + bias, with x [M, K], w [N, K] (a row for each output, as in files), bias [N]. Every row of x meets the same bias: the bias
// was repeated M times, so what comes back from the M rows is added.
//
//     dx = g w         dw = g^T x         dbias_j = sum_i g_ij
Tensor x = Tensor.Randn(random, M, K).RequireGrad(), w = Tensor.Randn(random, N, K).RequireGrad();
Tensor bias = Tensor.Randn(random, N).RequireGrad();
Tensor[] linear = Autograd.Grad(Ops.Sum((x.MatMul(w, transposeB: true) + bias) * g), [x, w, bias]);
Lesson.Check("dx", () => throw new Blank("g w"), linear[0]);
Lesson.Check("dw", () => throw new Blank("g^T x"), linear[1], ("transposed: x^T g", x.MatMul(g, transposeA: true)));
Lesson.Check("dbias", () => throw new Blank("the sum of g over axis 0"), linear[2],
    ("the sum over the rows is missing", g),
    ("the sum over the wrong axis", g.Sum(1)),
    ("the mean over the rows in place of the sum", g.Mean(0)));

// 4 ---- The proof ----------------------------------------------------------------------------------------------------
// How does one know that a rule is right? By moving each number a little and looking: finite differences. GradCheck does it, and throws
// with a report where a rule is wrong. Put the three gradients into an operation of your own.
Lesson.Check("rule", () =>
{
    Tensor Layer(Tensor[] inputs) => Autograd.Custom("layer", inputs,
        value: t => t[0].MatMul(t[1], transposeB: true) + t[2],
        gradients: (g, t, y) => throw new Blank("[dx, dw, dbias], with t[0] for x and t[1] for w"));

    GradErrors errors = GradCheck.Assert(Layer, [x, w, bias], options: new GradCheckOptions { Names = ["x", "w", "bias"] });
    return errors.Passed ? 1 : 0;
}, 1);
return Lesson.End();
