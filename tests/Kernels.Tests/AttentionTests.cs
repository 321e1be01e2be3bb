using Sagan.Native.Kernels;
using static Sagan.Native.Tests.KernelTesting;

namespace Sagan.Native.Tests;

[Quick]
public class AttentionTests
{
    sealed record Arrays(float[] Q, float[] K, float[] V, float[] G);

    static Arrays Random(AttentionSpec s, double deviation = 1) =>
        new(Normal(s.Batch * s.N * s.Dk, 1, deviation), Normal(s.Batch * s.M * s.Dk, 2, deviation),
        Normal(s.Batch * s.M * s.Dv, 3), Normal(s.Batch * s.N * s.Dv, 4));

    static (float[] O, float[] Lse, float[] Dq, float[] Dk, float[] Dv) Run(Arrays a, AttentionSpec s)
    {
        Storage q = Of(a.Q), k = Of(a.K), v = Of(a.V), g = Of(a.G), o = Empty(a.G.Length), rows = Empty(2 * s.Batch * s.N);
        Storage dq = Empty(a.Q.Length), dk = Empty(a.K.Length), dv = Empty(a.V.Length);
        Cpu.Attention(q, k, v, o, rows, s);
        Cpu.AttentionBackward(q, k, v, o, rows, g, dq, dk, dv, s);
        Assert.Equal(a.Q, Read(q));
        Assert.Equal(a.K, Read(k));
        Assert.Equal(a.V, Read(v));
        Assert.Equal(a.G, Read(g));
        float[] r = Read(rows), lse = [.. Enumerable.Range(0, s.Batch * s.N).Select(i => (float)(Math.Abs((double)s.Scale) * r[i] +
            Math.Log(r[i + s.Batch * s.N])))];
        var result = (Read(o), lse, Read(dq), Read(dk), Read(dv));
        foreach (Storage x in new[] { q, k, v, g, o, rows, dq, dk, dv }) x.Release();
        return result;
    }

    static (double[] O, double[] Lse, double[] Dq, double[] Dk, double[] Dv) Expected(Arrays x, AttentionSpec s)
    {
        List<double> o = [], lse = [], dq = [], dk = [], dv = [];
        for (int b = 0; b < s.Batch; b++)
        {
            double[,] q = Matrix(x.Q, b, s.N, s.Dk), k = Matrix(x.K, b, s.M, s.Dk), v = Matrix(x.V, b, s.M, s.Dv);
            var forward = ReferenceAttention.Forward(q, k, v, s.Scale);
            var backward = ReferenceAttention.Backward(q, k, v, forward.A, Matrix(x.G, b, s.N, s.Dv), s.Scale);
            o.AddRange(forward.o.Cast<double>());
            for (int i = 0; i < s.N; i++)
            {
                int largest = Enumerable.Range(0, s.M).MaxBy(j => forward.E[i, j]);
                lse.Add(forward.E[i, largest] - Math.Log(forward.A[i, largest]));
            }
            dq.AddRange(backward.dq.Cast<double>());
            dk.AddRange(backward.dk.Cast<double>());
            dv.AddRange(backward.dv.Cast<double>());
        }
        return ([.. o], [.. lse], [.. dq], [.. dk], [.. dv]);
    }

    // Batch entry b of x [batch, rows, columns].
    static double[,] Matrix(float[] x, int b, int rows, int columns)
    {
        double[,] y = new double[rows, columns];
        for (int i = 0; i < rows; i++)
            for (int c = 0; c < columns; c++) y[i, c] = x[(b * rows + i) * columns + c];
        return y;
    }

    static void Check(AttentionSpec s, Arrays x, double tolerance)
    {
        var e = Expected(x, s);
        var a = Run(x, s);
        Near("o", e.O, a.O, tolerance, 1);
        Near("lse", e.Lse, a.Lse, tolerance, 1);
        // dE is the difference of two numbers of the size of g v, and is multiplied by k and q.
        Near("dq", e.Dq, a.Dq, tolerance, Math.Max(1, x.K.Max(Math.Abs)));
        Near("dk", e.Dk, a.Dk, tolerance, Math.Max(1, x.Q.Max(Math.Abs)));
        Near("dv", e.Dv, a.Dv, tolerance, 1);
    }

    [Theory]
    [InlineData(1, 1, 1, 1, 1, 1f)]
    [InlineData(2, 1, 3, 2, 1, 1f)]
    [InlineData(2, 3, 1, 1, 5, 0.5f)]
    [InlineData(3, 16, 16, 4, 32, 1f)]
    [InlineData(2, 16, 4, 4, 16, 1f)]
    [InlineData(2, 64, 64, 8, 64, 0.35f)]
    [InlineData(1, 33, 65, 7, 13, 1f)]
    [InlineData(2, 31, 100, 16, 3, -0.7f)]
    [InlineData(1, 100, 257, 17, 37, 0.25f)]
    [InlineData(1, 130, 515, 33, 20, 0.2f)]
    [InlineData(1, 70, 40, 70, 9, 0.1f)]
    [InlineData(40, 9, 11, 3, 6, 1f)]
    [InlineData(1, 256, 256, 16, 128, 1f)]
    [InlineData(2, 1024, 1024, 8, 64, 0.5f)]
    [InlineData(1, 1024, 256, 8, 32, 1f)]
    public void Forward_and_backward_are_the_formulas(int batch, int n, int m, int dk, int dv, float scale)
    {
        AttentionSpec s = new(batch, n, m, dk, dv, scale);
        Check(s, Random(s), 1e-5);
    }

    // exp(80) squared would overflow, exp(-80) is next to nothing. A score is rounded to 2^-24 of its size, and so is, absolutely, the
    // logarithm of its weight.
    [Theory]
    [InlineData(50, 300, 80)]
    [InlineData(50, 700, 1000)]
    public void Large_scores(int n, int m, float largest)
    {
        AttentionSpec s = new(1, n, m, 8, 16, 1);
        Arrays x = Random(s, 3);
        double max = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++) max = Math.Max(max, Math.Abs(Enumerable.Range(0, 8).Sum(d => (double)x.Q[i * 8 + d] * x.K[j * 8 +
                d])));
        s = s with { Scale = (float)(largest / max) };
        Check(s, x, 4 * Math.Pow(2, -24) * largest);
    }

    // One number for m + log z would round every weight of the row by 2^-24 of the score, 1e-4 here: the scores themselves are exact.
    [Theory]
    [InlineData(2000f, 1999.5f, 1f)]
    [InlineData(-2000f, -1999.5f, -1f)]
    [InlineData(1_000_000f, 999_999.5f, 1f)]
    [InlineData(4000f, 3999f, 0.5f)]
    public void Weights_of_exact_scores_are_exact_however_large(float first, float second, float scale)
    {
        AttentionSpec s = new(1, 1, 2, 1, 1, scale);
        var r = Run(new Arrays([1], [first, second], [1, 0], [1]), s);
        // 1 / (1 + e^-0.5)
        Assert.Equal(0.62245933, r.O[0], 3e-7);
        Assert.Equal(0.62245933, r.Dv[0], 5e-7);
        Assert.Equal(0.37754067, r.Dv[1], 5e-7);
    }

    // The largest score comes in the last tile of keys: everything before it must be scaled away.
    [Fact]
    public void The_maximum_may_come_last()
    {
        AttentionSpec s = new(1, 20, 1000, 4, 8, 1);
        Arrays x = Random(s);
        for (int i = 0; i < x.Q.Length; i++) x.Q[i] = Math.Abs(x.Q[i]) + 0.1f;
        for (int d = 0; d < 4; d++) x.K[999 * 4 + d] = 20;
        Check(s, x, 4e-5);
        Assert.Equal(x.V[999 * 8], Run(x, s).O[0], 1e-5);
    }

    // Far below zero everywhere: without subtracting the maximum every weight would be 0.
    [Fact]
    public void All_scores_may_be_far_below_zero()
    {
        AttentionSpec s = new(1, 20, 90, 4, 8, 1);
        Arrays x = Random(s);
        for (int i = 0; i < x.Q.Length; i++) x.Q[i] = -10 - Math.Abs(x.Q[i]);
        for (int i = 0; i < x.K.Length; i++) x.K[i] = 10 + 0.1f * x.K[i];
        Check(s, x, 1e-3);
    }

    [Fact]
    public void A_query_with_nan_harms_no_other()
    {
        AttentionSpec s = new(1, 40, 50, 3, 5, 1);
        Arrays x = Random(s);
        float[] good = Run(x, s).O;
        x.Q[7 * 3] = float.NaN;
        float[] o = Run(x with { Q = [.. x.Q] }, s).O;
        for (int i = 0; i < o.Length; i++)
            if (i / 5 == 7) Assert.True(float.IsNaN(o[i]));
            else Assert.Equal(good[i], o[i]);
    }

    [Theory]
    [InlineData(3, 100, 300, 8, 20)]
    [InlineData(1, 300, 500, 8, 20)]
    public void Same_bits_for_any_number_of_threads(int batch, int n, int m, int dk, int dv)
    {
        AttentionSpec s = new(batch, n, m, dk, dv, 0.5f);
        Arrays x = Random(s);
        SameBits.OnAnyThreads(() =>
        {
            var r = Run(x, s);
            return [.. r.O, .. r.Lse, .. r.Dq, .. r.Dk, .. r.Dv];
        });
    }
}
