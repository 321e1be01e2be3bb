#:project Lesson/Lesson.csproj
// Lesson 7: the block around attention: gamma, the residual, spectral norm. 30 minutes.
//
// Run it:      dotnet run -c Release lessons/07-block.cs
// Where it says  throw new Blank(...)  put code of yours and run it again, until all is right.
// When stuck:  lessons/solutions/07-block.cs
//
// Attention is put into a network so that at first it does nothing, and kept from growing without bounds. Both are a few lines; both have
// gradients that are easy to get wrong.
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("7. The block");

// 1 ---- The residual -------------------------------------------------------------------------------------------------
// SAGAN's block is y = x + gamma o. o is what attention read, gamma one number that is learned and begins at 0. With g = dL/dy:
//
//     dx     = g                           straight through (what x also does inside of o is added to it by the tape)
//     do     = gamma g
//     dgamma = sum over all cells of g * o       gamma is one number and is read by every cell
Tensor x = Tensor.From(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }).RequireGrad();
Tensor o = Tensor.From(new float[,] { { 0.5f, -1 }, { 2, 0 }, { 1, 1 } }).RequireGrad();
Tensor gamma = Tensor.Scalar(0.5f).RequireGrad();
Tensor g = Tensor.From(new float[,] { { 1, 2 }, { -1, 0.5f }, { 0, 3 } });
Tensor[] engine = Autograd.Grad(Ops.Sum((x + gamma * o) * g), [x, o, gamma]);
Lesson.Check("dx", () => throw new Blank("x is added: what comes back, goes through"), engine[0],
    ("gamma belongs to o, not to x", gamma * g));
Lesson.Check("do", () => throw new Blank("gamma times g"), engine[1], ("gamma is forgotten", g));
Lesson.Check("dgamma", () => throw new Blank("the sum of g * o over all cells"), engine[2],
    ("the sum is missing: gamma is one number", g * o),
    ("the mean in place of the sum", Ops.Mean(g * o)),
    ("o is forgotten", Ops.Sum(g)));

// 2 ---- gamma = 0 ----------------------------------------------------------------------------------------------------
// At the start gamma is 0: y = x, the block is not there. Then do = gamma g = 0, so no weight inside of attention moves. Only gamma gets a
// gradient. After its first step the others follow. How many of the four below have a gradient that is not 0 at the start?
//     gamma        Wq, the projection of the queries        Wk, of the keys        Wv, of the values
Tensor pixels = x.Detach(), zero = Tensor.Scalar(0).RequireGrad();
Tensor[] W = [.. Enumerable.Range(1, 3).Select(i => Tensor.Randn(new RandomSource((ulong)i), 2, 2).RequireGrad())];
Tensor block = pixels + zero * pixels.MatMul(W[0]).MatMul(pixels.MatMul(W[1]), transposeB: true).Softmax().MatMul(pixels.MatMul(W[2]));
float moving = Autograd.Grad(Ops.Sum(block * g), [zero, .. W]).Count(d => d.Abs().Max().Item() > 0);
Lesson.Check("how many", () => throw new Blank("do = gamma g"), moving,
    ("with gamma = 0, what flows into o is 0, and so into all behind it", 4));

// 3 ---- The largest singular value -----------------------------------------------------------------------------------
// Spectral norm divides a weight by sigma, the most that W can lengthen any vector. Power iteration finds it: a vector that is multiplied
// by W and W^T in turn, and made one long again each time, turns towards the direction that is lengthened most.
//
//     v = W^T u / |W^T u|         u = W v / |W v|         and at the end sigma = u^T W v
//
// W = [[3, 0], [4, 5]] has singular values sqrt(45) = 6.708 and sqrt(5) = 2.236. An error shrinks by (2.236 / 6.708)^2 = 1/9 each round.
Tensor weight = Tensor.From(new float[,] { { 3, 0 }, { 4, 5 } }), u = Tensor.From(new float[,] { { 1 }, { 0 } }), v = u;
Tensor Unit(Tensor a) => a / Ops.Sqrt(Ops.Sum(Ops.Square(a)));
Lesson.Check("sigma", () =>
{
    for (int round = 0; round < 20; round++)
    {
        throw new Blank("v = Unit(W^T u), then u = Unit(W v)");
    }
    throw new Blank("return u^T W v: the sum of u * (W v), .Item()");
}, MathF.Sqrt(45),
    ("this is sigma squared: the length of W^T W v", 45),
    ("W was used in place of W^T: this finds an eigenvalue, not a singular value", 5));

// 4 ---- Through the norm ---------------------------------------------------------------------------------------------
// y = W / sigma, sigma = u^T W v, and u, v count as constants. W acts twice: in the numerator, and in sigma, which grows with W:
// d sigma / dW = u v^T. With g = dL/dy:
//
//     dW = g / sigma - sum(g * W) / sigma^2 u v^T = (g - sum(g * y) u v^T) / sigma
//
// The second part takes away what only makes W longer: W / sigma cannot get longer.
(Tensor U, Tensor V) = Singular();
Tensor w = weight.Detach().RequireGrad(), sigma = Ops.Sum(U * w.MatMul(V)), y = w / sigma;
Tensor G = Tensor.From(new float[,] { { 1, 2 }, { 0, -1 } });
Tensor uv = U.MatMul(V, transposeB: true);
Lesson.Check("dW", () => throw new Blank("(G - sum(G * y) uv) / sigma"), Autograd.Grad(Ops.Sum(y * G), [w])[0],
    ("sigma was treated as a constant: it grows with W", G / sigma),
    ("the division by sigma is forgotten", G - Ops.Sum(G * y) * uv),
    ("the sum is of G * W, not of G * y: it is sigma times too large", (G - Ops.Sum(G * w) * uv) / sigma),
    ("v u^T in place of u v^T", (G - Ops.Sum(G * y) * uv.Transpose()) / sigma));
return Lesson.End();

// The singular vectors of [[3, 0], [4, 5]]: u = (1, 3) / sqrt 10, v = (1, 1) / sqrt 2.
static (Tensor U, Tensor V) Singular()
{
    (float a, float b) = (1 / MathF.Sqrt(10), 1 / MathF.Sqrt(2));
    return (Tensor.From(new float[,] { { a }, { 3 * a } }), Tensor.From(new float[,] { { b }, { b } }));
}
