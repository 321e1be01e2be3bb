using System.Text.Json;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>One attention of four pixels as the engine computes it, by the names that the page has for its matrices.</summary>
static class ExplainNumbers
{
    static readonly (string Name, int Rows, int Columns)[] inputs =
        [("x", 4, 2), ("Wq", 2, 2), ("Wk", 2, 2), ("Wv", 2, 2), ("q", 4, 2), ("k", 4, 2), ("v", 4, 2), ("gamma", 1, 1), ("dy", 4, 2)];

    /// <summary>Numbers from -1 to 1, floats, and a scale from 0.5 to 1.5.</summary>
    public static Dictionary<string, float[][]> Inputs(int seed)
    {
        Random random = new(seed);
        Dictionary<string, float[][]> given = inputs.ToDictionary(i => i.Name,
            i => Rows(i.Rows, i.Columns, () => 2 * random.NextSingle() - 1));
        given["scale"] = [[0.5f + random.NextSingle()]];
        return given;
    }

    static float[][] Rows(int rows, int columns, Func<float> next) =>
        [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => next()).ToArray())];

    /// <summary>Forward, backward and the penalty of WGAN-GP on the reference device, by autograd alone.</summary>
    public static Dictionary<string, float[]> ByAutograd(Dictionary<string, float[][]> given) => Step.Run(() =>
    {
        Tensor x = Of("x", 1, 2, 2, 2), dy = Of("dy", 1, 2, 2, 2), gamma = Of("gamma", 1);
        Tensor wq = Of("Wq", 2, 1, 1, 2), wk = Of("Wk", 2, 1, 1, 2), wv = Of("Wv", 2, 1, 1, 2);
        Tensor q = Ops.Conv2d(x, wq).Reshape(1, 4, 2), k = Ops.Conv2d(x, wk).Reshape(1, 4, 2), v = Ops.Conv2d(x, wv).Reshape(1, 4, 2);
        Tensor e = Ops.MatMul(q, k, transposeB: true) * given["scale"][0][0], a = Ops.Softmax(e), o = Ops.MatMul(a, v);
        Tensor y = Ops.Residual(x, o.Reshape(1, 2, 2, 2), gamma), l = Ops.Sum(dy * y);
        Tensor[] d = Autograd.Grad(l, [x, wq, wk, wv, gamma, o, v, a, e, q, k], createGraph: true);
        Tensor n = Ops.Sqrt(Ops.Sum(Ops.Square(d[0])) + 1e-12f), p = Ops.Square(n - 1);
        Tensor[] dd = Autograd.Grad(p, [x, wq, wk, wv, gamma, dy, d[0]]);
        (string, Tensor)[] all =
        [
            ("q", q), ("k", k), ("v", v), ("E", e), ("A", a), ("o", o), ("y", y), ("L", l), ("dx", d[0]), ("dWq", d[1]), ("dWk", d[2]),
            ("dWv", d[3]), ("dgamma", d[4]), ("g", d[5]), ("dv", d[6]), ("dA", d[7]), ("D", Ops.Sum(d[7] * a, 2)), ("dE", d[8]),
            ("dq", d[9]), ("dk", d[10]), ("n", n), ("P", p), ("dx′", dd[0]), ("dWq′", dd[1]), ("dWk′", dd[2]), ("dWv′", dd[3]),
            ("dgamma′", dd[4]), ("y′", dd[5]), ("x′", dd[6]),
        ];
        return all.ToDictionary(t => t.Item1, t => t.Item2.ToArray());

        Tensor Of(string name, params int[] shape) =>
            Tensor.From([.. given[name].SelectMany(r => r)], new Shape(shape), Device.Reference).RequireGrad();
    });

    /// <summary>The numbers between q, k, v and their gradients, from the plain loops.</summary>
    public static Dictionary<string, double[]> ByLoops(Dictionary<string, double[][]> page)
    {
        double[,] q = Of("q"), k = Of("k"), v = Of("v");
        double scale = page["scale"][0][0];
        var f = ReferenceAttention.Forward(q, k, v, scale);
        var b = ReferenceAttention.Backward(q, k, v, f.A, Of("g"), scale);
        return new()
        {
            ["E"] = Flat(f.E),
            ["A"] = Flat(f.A),
            ["o"] = Flat(f.o),
            ["dv"] = Flat(b.dv),
            ["dA"] = Flat(b.dA),
            ["D"] = b.D,
            ["dE"] = Flat(b.dE),
            ["dq"] = Flat(b.dq),
            ["dk"] = Flat(b.dk),
        };

        double[,] Of(string name)
        {
            double[][] rows = page[name];
            double[,] m = new double[rows.Length, rows[0].Length];
            for (int i = 0; i < rows.Length; i++)
                for (int j = 0; j < rows[0].Length; j++) m[i, j] = rows[i][j];
            return m;
        }

        static double[] Flat(double[,] m) => [.. m.Cast<double>()];
    }

    /// <summary>What the page's own arithmetic makes of the inputs.</summary>
    public static async Task<Dictionary<string, double[][]>> InBrowser(OpenPage open, string options,
        Dictionary<string, float[][]> given) =>
        JsonSerializer.Deserialize<Dictionary<string, double[][]>>(await open.Page.EvaluateAsync<string>(
            $"given => JSON.stringify(tape.run(tape.steps({options}), JSON.parse(given)))",
            JsonSerializer.Serialize(given.ToDictionary(g => g.Key, g => g.Value.Select(r => r.Select(x => (double)x)))))!)!;
}
