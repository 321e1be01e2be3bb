#:project Lesson/Lesson.csproj
// Lesson 4: attention, forward. 20 minutes.
//
// Run it:      dotnet run -c Release lessons/04-attention.cs
// Where it says  throw new Blank(...)  put code of yours and run it again, until all is right.
// When stuck:  lessons/solutions/04-attention.cs
//
// A convolution sees a few pixels around each. Attention lets every pixel read from every other, and decides by what is in them.
// The letters are those of src/Tensor/Ops/Attention.cs.
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;

Lesson.Begin("4. Attention, forward");

// Four pixels. Each asks with a query, offers a key, and holds a value, of two numbers each. A row is a pixel.
// Pixels 0 and 3 ask for what 2 offers (their queries point where key 2 points); pixel 1 asks for its own kind.
Tensor q = Tensor.From(new float[,] { { 2, 0 }, { 0, 2 }, { 1, 1 }, { 1.5f, -0.5f } });
Tensor k = Tensor.From(new float[,] { { -1, 0.5f }, { 0, 1.5f }, { 2, 0 }, { 0.5f, 0.5f } });
Tensor v = Tensor.From(new float[,] { { 1, 0 }, { 0, 1 }, { 5, 5 }, { -1, 2 } });
float scale = 0.5f;
Lesson.Show("q", q);
Lesson.Show("k", k);
Lesson.Show("v", v);

// 1 ---- Scores -------------------------------------------------------------------------------------------------------
// How well a query matches a key is their dot product. Row i is query i, column j is key j:
//
//     E_ij = scale * sum_c q_ic k_jc             E = scale q k^T          [4, 2] [2, 4] = [4, 4]
//
//     E_02 = 0.5 * (2 * 2 + 0 * 0) = 2           E_00 = 0.5 * (2 * -1 + 0 * 0.5) = -1
Tensor E = Lesson.Check("E", () => throw new Blank("scale times q k^T"),
    scale * Ops.MatMul(q, k, transposeB: true),
    ("the scale is forgotten", q.MatMul(k, transposeB: true)),
    ("transposed: rows are queries, columns are keys", scale * k.MatMul(q, transposeB: true)),
    ("q q^T: the keys take no part", scale * q.MatMul(q, transposeB: true)));

// 2 ---- Weights ------------------------------------------------------------------------------------------------------
// Each query has one unit of attention to give to all keys together: every row becomes positive numbers of sum 1.
//
//     A = softmax_j(E)         over the keys, along each row
Tensor A = Lesson.Check("A", () => throw new Blank("E.Softmax(axis), over the last axis"), Ops.Softmax(E),
    ("softmax over the wrong axis: over the queries, columns add up to 1", Ops.Softmax(E, 0)));
Lesson.Show("A", A);

// 3 ---- What is read -------------------------------------------------------------------------------------------------
// A mean of the values, with these weights.
//
//     o_i = sum_j A_ij v_j         o = A v         [4, 4] [4, 2] = [4, 2]
Tensor o = Lesson.Check("o", () => throw new Blank("A v"), Ops.Attention(Batch(q), Batch(k), Batch(v), scale).Squeeze(0),
    ("A^T v: each key reads from the queries", A.MatMul(v, transposeA: true)),
    ("E v: the scores are no weights", E.MatMul(v)));
Lesson.Show("o", o);

// 4 ---- Sharp and flat -----------------------------------------------------------------------------------------------
// The scale decides how sharply a query chooses. With scale 0 all weights are 1/4, and every pixel reads the mean of all values:
Lesson.Check("flat", () => throw new Blank("one row: the mean of v over axis 0"),
    Ops.Attention(Batch(q), Batch(k), Batch(v), 0).Squeeze(0)[..1, ..],
    ("the sum in place of the mean", v.Sum(0, keepDims: true)),
    ("the mean over the wrong axis", v.Mean(1, keepDims: true)));

// With a very large scale all the weight goes to the best key of each query: A is 1 where E is the largest of its row, and 0 elsewhere.
// Ops.Equal(a, b) is 1 where they are equal, else 0. (Here no row has two largest.) In between, attention is a soft way to look
// something up, and unlike looking up it has a gradient: lesson 5.
Lesson.Check("sharp", () => throw new Blank("Ops.Equal(E, its maximum along each row) times v"),
    Ops.Attention(Batch(q), Batch(k), Batch(v), 1000).Squeeze(0),
    ("the largest of each column: of each row is needed", Ops.Equal(E, E.Max(0, keepDims: true)).MatMul(v)));

// 5 ---- Pixels have no place -----------------------------------------------------------------------------------------
// Nothing above knows where a pixel is. Exchange two of them as keys and values (rows 0 and 2 of both k and v): what do the queries read?
int[] order = [2, 1, 0, 3];
Tensor k2 = Ops.Stack([.. order.Select(i => k[i, ..])]), v2 = Ops.Stack([.. order.Select(i => v[i, ..])]);
Lesson.Check("exchanged", () => throw new Blank("what changes in a sum when its terms are put in another order?"),
    Ops.Attention(Batch(q), Batch(k2), Batch(v2), scale).Squeeze(0),
    ("the rows of o are exchanged too; but the queries were not", Ops.Stack([.. order.Select(i => o[i, ..])])));
return Lesson.End();

// The engine computes a batch of images: [pixels, numbers] becomes [1, pixels, numbers].
static Tensor Batch(Tensor t) => t.Unsqueeze(0);
