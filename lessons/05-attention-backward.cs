#:project Lesson/Lesson.csproj
// Lesson 5: attention, backward, by hand. 30 minutes.
//
// Run it:      dotnet run -c Release lessons/05-attention-backward.cs
// Where it says  throw new Blank(...)  put code of yours and run it again, until all is right.
// When stuck:  lessons/solutions/05-attention-backward.cs
//
// Five lines. Each is a product or the softmax of lesson 3; written down once by hand they stop being a mystery. The letters are those of
// src/Tensor/Ops/Attention.cs, and docs/trace-attention-backward.md follows the same lines into the kernels.
using Sagan.Native;
using Sagan.Native.Checks;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("5. Attention, backward, by hand");

// Forward, from lesson 4: N = 4 queries, M = 4 keys, dk = 2, dv = 2.
//
//     E = scale q k^T         A = softmax_j(E)         o = A v
//
// Given is g = dL/do, one number for each cell of o. Wanted are dq, dk, dv. The way back is the way forward in the other order: from o to
// v and A, from A to E, from E to q and k.
Tensor q = Tensor.From(new float[,] { { 2, 0 }, { 0, 2 }, { 1, 1 }, { 1.5f, -0.5f } }).RequireGrad();
Tensor k = Tensor.From(new float[,] { { -1, 0.5f }, { 0, 1.5f }, { 2, 0 }, { 0.5f, 0.5f } }).RequireGrad();
Tensor v = Tensor.From(new float[,] { { 1, 0 }, { 0, 1 }, { 5, 5 }, { -1, 2 } }).RequireGrad();
float scale = 0.5f;
Tensor E = scale * q.MatMul(k, transposeB: true), A = E.Softmax(), o = A.MatMul(v);
Tensor g = Tensor.From(new float[,] { { 1, -1 }, { 0.5f, 0 }, { 0, 2 }, { -1, 0.5f } });
Lesson.Show("A", A);
Lesson.Show("g", g);

// What the engine finds for the same g; the checks below compare with it.
Tensor[] engine = Autograd.Grad(Ops.Sum(o * g), [q, k, v, A, E]);

// 1 ---- The values ---------------------------------------------------------------------------------------------------
// o = A v is a product, so lesson 2 has both gradients. A value is read by every query, with the weight that the query gives it; so it
// hears from every query, with the same weight:
//
//     dv_j = sum_i A_ij g_i                dv = A^T g                 [M, N] [N, dv] = [M, dv]
Tensor dv = Lesson.Check("dv", () => throw new Blank("A^T g"), engine[2],
    ("A g, not A^T g: the rows of A are queries, and dv has a row for each key", A.MatMul(g)));

// 2 ---- The weights --------------------------------------------------------------------------------------------------
// The other factor of the same product. Giving more weight to key j moves o_i towards v_j, and g_i says what that is worth:
//
//     dA_ij = g_i . v_j                    dA = g v^T                 [N, dv] [dv, M] = [N, M]
//
//     dA_02 = 1 * 5 + -1 * 5 = 0           dA_22 = 0 * 5 + 2 * 5 = 10
Tensor dA = Lesson.Check("dA", () => throw new Blank("g v^T"), engine[3],
    ("transposed: v g^T", v.MatMul(g, transposeB: true)));

// 3 ---- The row sum --------------------------------------------------------------------------------------------------
// Softmax comes next, and lesson 3 says that it takes away from each row what the row gains on average: sum_j dA_ij A_ij. Here that number
// has a shorter name. Put in dA_ij = g_i . v_j:
//
//     D_i = sum_j dA_ij A_ij = sum_j A_ij (g_i . v_j) = g_i . sum_j A_ij v_j = g_i . o_i          D = rowsum(g * o)
//
// It is a product of two rows of dv numbers instead of a sum over all keys. Lesson 6 lives on this. Keep the axis: [N, 1].
Tensor D = Lesson.Check("D", () => throw new Blank("the sum of g * o over the last axis, with keepDims"),
    (engine[3] * A).Sum(-1, keepDims: true),
    ("the axis is lost: keepDims: true leaves it with size 1", (g * o).Sum(-1)),
    ("the sum over the wrong axis", (g * o).Sum(0, keepDims: true)),
    ("g alone is added up, without o", g.Sum(-1, keepDims: true)));

// 4 ---- The scores ---------------------------------------------------------------------------------------------------
// Row i of A came from row i of E alone, through softmax:
//
//     dE = A * (dA - D)                    cell by cell; D is repeated along each row
//
// Each row of dE adds up to 0: raising all scores of a query alike changes nothing. Where A is nearly 0 or nearly 1, dE is nearly 0: a
// query that is sure learns slowly. That is what the scale is for.
Tensor dE = Lesson.Check("dE", () => throw new Blank("A * (dA - D)"), engine[4],
    ("the row sum is forgotten: A * dA alone", A * dA),
    ("A is forgotten: dA - D alone", dA - D),
    ("softmax over the wrong axis: the sum is over each column", A * (dA - (dA * A).Sum(0, keepDims: true))),
    ("the row sum is of dA, not of dA * A", A * (dA - dA.Sum(-1, keepDims: true))));

// 5 ---- Queries and keys ---------------------------------------------------------------------------------------------
// E = scale q k^T is a product again. The scale comes along as a factor:
//
//     dq_i = scale sum_j dE_ij k_j         dq = scale dE k            [N, M] [M, dk] = [N, dk]
//     dk_j = scale sum_i dE_ij q_i         dk = scale dE^T q          [M, N] [N, dk] = [M, dk]
//
// In words: a query moves towards the keys it should have trusted more, and away from the others.
Tensor dq = Lesson.Check("dq", () => throw new Blank("scale times dE k"), engine[0],
    ("the scale is forgotten", dE.MatMul(k)),
    ("dE^T k, not dE k: queries are the rows of dE", scale * dE.MatMul(k, transposeA: true)));
Tensor dk = Lesson.Check("dk", () => throw new Blank("scale times dE^T q"), engine[1],
    ("the scale is forgotten", dE.MatMul(q, transposeA: true)),
    ("dE q, not dE^T q: dk has a row for each key, and keys are the columns of dE", scale * dE.MatMul(q)));

// 6 ---- Together -----------------------------------------------------------------------------------------------------
// The five lines as the rule of an operation. GradCheck moves every number of q, k and v a little and compares; and because the rule is
// written in operations, it differentiates the rule itself too (order 2), as lesson 8 needs it. A is computed again from q and k.
Lesson.Check("rule", () =>
{
    Tensor Attention(Tensor[] inputs) => Autograd.Custom("my_attention", inputs,
        value: t => (scale * t[0].MatMul(t[1], transposeB: true)).Softmax().MatMul(t[2]),
        gradients: (g, t, o) =>
        {
            (Tensor q, Tensor k, Tensor v) = (t[0], t[1], t[2]);
            Tensor A = (scale * q.MatMul(k, transposeB: true)).Softmax();
            throw new Blank("your lines of above, and return [dq, dk, dv];");
        });

    return GradCheck.Assert(Attention, [q, k, v], options: new GradCheckOptions { Names = ["q", "k", "v"] }).Passed ? 1 : 0;
}, 1);
return Lesson.End();
