#:project ../Lesson/Lesson.csproj
// Lesson 6: attention that streams. 30 minutes.
//
// This is the solution. Run it:      dotnet run -c Release lessons/solutions/06-streaming.cs
//
// The matrix A has a number for each query and key. An image of 64 x 64 pixels has 4096 of each: 16 million numbers, 64 MB, for one image
// and one head. The kernels of this engine never have it. They look at the keys tile by tile and keep a few numbers for each query.
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("6. Attention that streams");

// One query, six keys. s are its scores E_i, v the values of the keys. The tiles are keys 0-1, 2-3 and 4-5.
const int M = 6, Tile = 2, Dv = 2;
float[] s = [0.5f, 2, -1, 3, 1, 0];
float[,] v = { { 1, 0 }, { 0, 1 }, { 5, 5 }, { -1, 2 }, { 2, -3 }, { 0.5f, 0.5f } };
Tensor S = Tensor.From(s), V = Tensor.From(v);

// 1 ---- The sum of exponentials, in one pass -------------------------------------------------------------------------
// Softmax needs m = the largest score, and z = sum_j exp(s_j - m). The largest is not known before the end. So take the largest so far;
// when a tile brings a larger one, everything added up so far was measured from the old m, and is multiplied by exp(old m - new m):
//
//     new m = max(m, the tile's largest)
//     z     = z exp(m - new m) + sum over the tile of exp(s_j - new m)
//     m     = new m
//
// At the start m is minus infinity and z is 0; exp(-infinity) is 0, so the first tile needs no exception.
//     after tile 0: m = 2, z = exp(-1.5) + exp(0)            = 1.2231
//     after tile 1: m = 3, z = 1.2231 exp(2 - 3) + exp(-4) + exp(0) = 1.4683
float m = S.Max().Item();
float z = Lesson.Check("z", () =>
{
    (float m, float z) = (float.NegativeInfinity, 0);
    for (int j0 = 0; j0 < M; j0 += Tile)
    {
        float newM = m;
        for (int j = j0; j < j0 + Tile; j++) newM = MathF.Max(newM, s[j]);
        z *= MathF.Exp(m - newM);
        for (int j = j0; j < j0 + Tile; j++) z += MathF.Exp(s[j] - newM);
        m = newM;
    }
    return z;
}, Ops.Sum((S - m).Exp()).Item(),
    ("the old sum is not rescaled by exp(m - new m)", MathF.Exp(-1.5f) + 1 + MathF.Exp(-4) + 1 + MathF.Exp(-2) + MathF.Exp(-3)),
    ("no maximum is taken away: this overflows with large scores", Ops.Sum(S.Exp()).Item()));

// 2 ---- The output, in the same pass ---------------------------------------------------------------------------------
// o = sum_j exp(s_j - m) v_j / z is a sum of the same kind: it is rescaled when m grows, with the same factor, and divided by z once, at
// the very end.
Tensor o = Lesson.Check("o", o =>
{
    (float m, float z) = (float.NegativeInfinity, 0);
    for (int c = 0; c < Dv; c++) o[c] = 0;
    for (int j0 = 0; j0 < M; j0 += Tile)
    {
        float newM = m;
        for (int j = j0; j < j0 + Tile; j++) newM = MathF.Max(newM, s[j]);
        float rescale = MathF.Exp(m - newM);
        z *= rescale;
        for (int c = 0; c < Dv; c++) o[c] *= rescale;
        for (int j = j0; j < j0 + Tile; j++)
        {
            float e = MathF.Exp(s[j] - newM);
            z += e;
            for (int c = 0; c < Dv; c++) o[c] += e * v[j, c];
        }
        m = newM;
    }
    for (int c = 0; c < Dv; c++) o[c] /= z;
}, (S - m).Exp().Reshape(1, M).MatMul(V).Flatten() / z, "o is to be written",
    ("the division by z is missing", (S - m).Exp().Reshape(1, M).MatMul(V).Flatten()),
    ("o is not rescaled when m grows", Ops.Sum(Tensor.From(MathF.Exp(-1.5f), 1, MathF.Exp(-4), 1, MathF.Exp(-2), MathF.Exp(-3))
        .Reshape(M, 1) * V, 0) / z));

// 3 ---- Backward: the weights again ----------------------------------------------------------------------------------
// Forward kept o, m and z for each query, and forgot A. Backward needs A, tile by tile; it computes the scores of the tile once more and
//
//     A_j = exp(s_j - m) / z
//
// Now m and z are those of all keys, so nothing has to be rescaled. The tile of keys 2 and 3:
Tensor tile = Lesson.Check("A tile", () => (S[2..4] - m).Exp() / z, S.Softmax()[2..4],
    ("softmax of the tile by itself: the other keys have their share too", S[2..4].Softmax()),
    ("the division by z is missing", (S[2..4] - m).Exp()));

// 4 ---- Backward: the scores of a tile -------------------------------------------------------------------------------
// dE = A * (dA - D), with D = rowsum(dA * A) over ALL keys, of which the tile has two. But lesson 5 found D = g . o: o was kept, so D is
// known before the first tile. Without that, backward would need another pass over all keys.
Tensor g = Tensor.From(1, -2);
Tensor scores = S.RequireGrad();
Tensor dE = Autograd.Grad(Ops.Sum(scores.Softmax().Reshape(1, M).MatMul(V).Flatten() * g), [scores])[0];
Tensor dA = V[2..4, ..].MatMul(g.Reshape(Dv, 1)).Flatten();
Lesson.Check("dE tile", () => tile * (dA - Ops.Sum(g * o)), dE[2..4],
    ("the row sum is of this tile alone: it goes over all keys, and g . o has them all", tile * (dA - Ops.Sum(dA * tile))),
    ("the row sum is forgotten", tile * dA));

// 5 ---- What it saves ------------------------------------------------------------------------------------------------
// Attention over N pixels: A has N x N numbers. Streaming keeps two for each query, m and z. How many times less is that, for N = 4096?
Lesson.Check("times less", () => 4096f * 4096 / (2 * 4096), 2048,
    ("m and z are two numbers for each query", 4096));
return Lesson.End();
