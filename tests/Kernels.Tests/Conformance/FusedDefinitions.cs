using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// What the fused kernels compute, as scalar loops in double over the arrays of a case (same order as the method's parameters); products go
/// through the reference backend.
/// Stored results are rounded to float, nothing else is.
/// </summary>
static class FusedDefinitions
{
    /// <summary>v = (q, k, v, o, rows).</summary>
    public static void Attention(float[][] values, AttentionSpec s)
    {
        (float[] q, float[] k, float[] v, float[] o, float[] rows) = (values[0], values[1], values[2], values[3], values[4]);
        for (int b = 0; b < s.Batch; b++)
            for (int i = 0; i < s.N; i++)
            {
                double[] e = Scores(q, k, s, b, i);
                double max = e.DefaultIfEmpty(double.NegativeInfinity).Max(), sum = e.Sum(x => Weight(x, max, s));
                rows[b * s.N + i] = (float)max;
                rows[(s.Batch + b) * s.N + i] = (float)sum;
                double[] oi = new double[s.Dv];
                for (int j = 0; j < s.M; j++)
                {
                    double a = Weight(e[j], max, s) / sum;
                    for (int c = 0; c < oi.Length; c++) oi[c] += a * v[(b * s.M + j) * s.Dv + c];
                }
                for (int c = 0; c < s.Dv; c++) o[(b * s.N + i) * s.Dv + c] = (float)oi[c];
            }
    }

    /// <summary>v = (q, k, v, o, rows, g, dq, dk, dv).</summary>
    public static void AttentionBackward(float[][] values, AttentionSpec s)
    {
        (float[] q, float[] k, float[] v, float[] o, float[] rows, float[] g) = (values[0], values[1], values[2], values[3], values[4],
            values[5]);
        double[] dq = new double[q.Length], dk = new double[k.Length], dv = new double[v.Length];
        for (int b = 0; b < s.Batch; b++)
            for (int i = 0; i < s.N; i++)
            {
                double[] e = Scores(q, k, s, b, i);
                int row = b * s.N + i;
                double delta = 0;
                for (int c = 0; c < s.Dv; c++) delta += (double)g[row * s.Dv + c] * o[row * s.Dv + c];
                for (int j = 0; j < s.M; j++)
                {
                    int column = b * s.M + j;
                    double a = Weight(e[j], rows[row], s) / rows[s.Batch * s.N + row], da = 0;
                    for (int c = 0; c < s.Dv; c++)
                    {
                        da += (double)g[row * s.Dv + c] * v[column * s.Dv + c];
                        dv[column * s.Dv + c] += a * g[row * s.Dv + c];
                    }
                    double de = a * (da - delta);
                    for (int c = 0; c < s.Dk; c++)
                    {
                        dq[row * s.Dk + c] += s.Scale * de * k[column * s.Dk + c];
                        dk[column * s.Dk + c] += s.Scale * de * q[row * s.Dk + c];
                    }
                }
            }
        Store(dq, values[6]);
        Store(dk, values[7]);
        Store(dv, values[8]);
    }

    /// <summary>
    /// The largest sum of the absolute values of the terms of dq, dk and dv, v as in <see cref="AttentionBackward"/>: what their errors are
    /// relative to.
    /// </summary>
    public static double[] AttentionTerms(float[][] values, AttentionSpec s)
    {
        float[][] v = [.. values.Select((x, i) => i is 0 or 1 or 4 ? x : [.. x.Select(MathF.Abs)])];
        double[] dq = new double[v[0].Length], dk = new double[v[1].Length], dv = new double[v[2].Length];
        for (int b = 0; b < s.Batch; b++)
            for (int i = 0; i < s.N; i++)
            {
                double[] e = Scores(v[0], v[1], s, b, i);
                int row = b * s.N + i;
                double delta = 0;
                for (int c = 0; c < s.Dv; c++) delta += (double)v[5][row * s.Dv + c] * v[3][row * s.Dv + c];
                for (int j = 0; j < s.M; j++)
                {
                    int column = b * s.M + j;
                    double a = Weight(e[j], v[4][row], s) / v[4][s.Batch * s.N + row], da = delta;
                    for (int c = 0; c < s.Dv; c++)
                    {
                        da += (double)v[5][row * s.Dv + c] * v[2][column * s.Dv + c];
                        dv[column * s.Dv + c] += a * v[5][row * s.Dv + c];
                    }
                    for (int c = 0; c < s.Dk; c++)
                    {
                        dq[row * s.Dk + c] += Math.Abs(s.Scale) * a * da * Math.Abs(v[1][column * s.Dk + c]);
                        dk[column * s.Dk + c] += Math.Abs(s.Scale) * a * da * Math.Abs(v[0][row * s.Dk + c]);
                    }
                }
            }
        return [.. ((double[][])[dq, dk, dv]).Select(x => x.DefaultIfEmpty().Max())];
    }

    /// <summary>|scale| times the largest sum_d |q_id k_jd|: what a score is rounded relative to.</summary>
    public static double ScoreTerms(float[] q, float[] k, AttentionSpec s)
    {
        AttentionSpec plain = s with { Scale = Math.Abs(s.Scale) };
        (q, k) = ([.. q.Select(MathF.Abs)], [.. k.Select(MathF.Abs)]);
        double largest = 0;
        for (int b = 0; b < s.Batch; b++)
            for (int i = 0; i < s.N; i++) largest = Math.Max(largest, plain.Scale * Scores(q, k, plain, b, i).DefaultIfEmpty().Max());
        return largest;
    }

    static double Weight(double e, double max, AttentionSpec s) => Math.Exp(Math.Abs((double)s.Scale) * (e - max));

    // e_j = q_i . k_j with the sign of scale.
    static double[] Scores(float[] q, float[] k, AttentionSpec s, int b, int i)
    {
        double[] e = new double[s.M];
        for (int j = 0; j < s.M; j++)
        {
            for (int c = 0; c < s.Dk; c++) e[j] += (double)q[(b * s.N + i) * s.Dk + c] * k[(b * s.M + j) * s.Dk + c];
            if (s.Scale < 0) e[j] = -e[j];
        }
        return e;
    }

    /// <summary>v = (x, weight, bias, y, mean, variance).</summary>
    public static void BatchNorm(float[][] values, BatchNormSpec s)
    {
        (float[] x, float[] y, float[] mean, float[] variance) = (values[0], values[3], values[4], values[5]);
        for (int c = 0; c < s.Channels; c++)
        {
            double sum = 0, squares = 0;
            for (int r = 0; r < s.Rows; r++) sum += x[r * s.Channels + c];
            double m = sum / s.Rows;
            for (int r = 0; r < s.Rows; r++) squares += (x[r * s.Channels + c] - m) * (x[r * s.Channels + c] - m);
            mean[c] = (float)m;
            variance[c] = (float)(squares / s.Rows);
            Normalise(x, values[1][c], values[2][c], m, squares / s.Rows, y, c, s);
        }
    }

    /// <summary>v = (x, weight, bias, mean, variance, y).</summary>
    public static void BatchNormInference(float[][] values, BatchNormSpec s)
    {
        for (int c = 0; c < s.Channels; c++) Normalise(values[0], values[1][c], values[2][c], values[3][c], values[4][c], values[5], c, s);
    }

    static void Normalise(float[] x, double weight, double bias, double mean, double variance, float[] y, int c, BatchNormSpec s)
    {
        for (int r = 0; r < s.Rows; r++)
        {
            int i = r * s.Channels + c;
            y[i] = (float)Act(weight * (x[i] - mean) / Math.Sqrt(variance + s.Epsilon) + bias, s.Activation);
        }
    }

    /// <summary>v = (g, x, y, weight, mean, variance, dx, dweight, dbias).</summary>
    public static void BatchNormBackward(float[][] values, BatchNormSpec s)
    {
        (float[] g, float[] x, float[] y, float[] dx) = (values[0], values[1], values[2], values[6]);
        for (int c = 0; c < s.Channels; c++)
        {
            double deviation = Math.Sqrt((double)values[5][c] + s.Epsilon), dweight = 0, dbias = 0;
            double Z(int i) => Gradient(g[i], y[i], s.Activation);
            double Xh(int i) => (x[i] - (double)values[4][c]) / deviation;
            for (int i = c; i < x.Length; i += s.Channels)
            {
                dweight += Z(i) * Xh(i);
                dbias += Z(i);
            }
            for (int i = c; i < x.Length; i += s.Channels)
                dx[i] = (float)(values[3][c] / (s.Rows * deviation) * (s.Rows * Z(i) - dbias - Xh(i) * dweight));
            values[7][c] = (float)dweight;
            values[8][c] = (float)dbias;
        }
    }

    /// <summary>
    /// v = (a, b, scale, bias, y), scale and bias only where there are any: y = act(scale times the product of a and b, computed by
    /// <paramref name="product"/>, + bias), bias along the last axis.
    /// </summary>
    public static void Bias(float[][] values, bool scaled, bool biased, Activation act, Action<Backend, Storage[]> product)
    {
        int last = values.Length - 1;
        Operand[] operands = [.. values.Select((v, i) => new Operand("", v.Length, i == last ? Role.Output : Role.Input, (_, _) => 0))];
        KernelCase plain = new("product", "", operands, product, Bounds.Exact);
        float[] z = plain.Define(values)[last], bias = biased ? values[last - 1] : [0];
        double scale = scaled ? values[2][0] : 1;
        for (int i = 0; i < z.Length; i++) values[last][i] = (float)Act(scale * z[i] + bias[i % bias.Length], act);
    }

    /// <summary>v = (g, y, dz, dbias).</summary>
    public static void BiasActivationBackward(float[][] values, int rows, int columns, Activation act)
    {
        for (int c = 0; c < columns; c++)
        {
            double dbias = 0;
            for (int r = 0; r < rows; r++)
            {
                int i = r * columns + c;
                double dz = Gradient(values[0][i], values[1][i], act);
                values[2][i] = (float)dz;
                dbias += dz;
            }
            values[3][c] = (float)dbias;
        }
    }

    /// <summary>v = (x, o, gamma, y).</summary>
    public static void Residual(float[][] values)
    {
        for (int i = 0; i < values[0].Length; i++) values[3][i] = (float)(values[0][i] + (double)values[2][0] * values[1][i]);
    }

    /// <summary>v = (g, o, gamma, do, dgamma).</summary>
    public static void ResidualBackward(float[][] values)
    {
        double dgamma = 0;
        for (int i = 0; i < values[0].Length; i++)
        {
            dgamma += (double)values[0][i] * values[1][i];
            values[3][i] = (float)((double)values[2][0] * values[0][i]);
        }
        values[4][0] = (float)dgamma;
    }

    /// <summary>v = (w, u, v, uOut, vOut, sigma).</summary>
    public static void PowerIteration(float[][] values, PowerIterationSpec s)
    {
        double[] u = [.. values[1].Select(x => (double)x)], v = [.. values[2].Select(x => (double)x)];
        for (int t = 0; t < s.Iterations; t++)
        {
            v = Unit(Multiply(values[0], u, v.Length, !s.Transpose, s), v, s);
            u = Unit(Multiply(values[0], v, u.Length, s.Transpose, s), u, s);
        }
        Store(u, values[3]);
        Store(v, values[4]);
        values[5][0] = (float)Multiply(values[0], v, u.Length, s.Transpose, s).Zip(u, (a, b) => a * b).Sum();
    }

    // S x, or S^T x.
    static double[] Multiply(float[] matrix, double[] x, int length, bool transpose, PowerIterationSpec s)
    {
        double[] y = new double[length];
        for (int r = 0; r < s.Rows; r++)
            for (int c = 0; c < s.Columns; c++)
            {
                double e = matrix[r * s.Columns + c];
                if (transpose) y[c] += e * x[r];
                else y[r] += e * x[c];
            }
        return y;
    }

    // x / |x|; a vector that became 0 stays as it was.
    static double[] Unit(double[] x, double[] before, PowerIterationSpec s)
    {
        double norm = Math.Sqrt(x.Sum(e => e * e));
        if (norm == 0) return before;
        double divisor = s.EpsilonForm == NormEpsilon.Max ? norm : norm + s.Epsilon;
        return [.. x.Select(e => e / divisor)];
    }

    /// <summary>v = (g, w, u, v, sigma, dw).</summary>
    public static void SpectralNormBackward(float[][] values, PowerIterationSpec s)
    {
        (float[] g, float[] w, float[] u, float[] v) = (values[0], values[1], values[2], values[3]);
        double sigma = values[4][0], dot = 0;
        for (int i = 0; i < g.Length; i++) dot += (double)g[i] * w[i];
        // A sigma of 0 is a constant 1.
        if (sigma == 0) (sigma, dot) = (1, 0);
        for (int r = 0; r < s.Rows; r++)
            for (int c = 0; c < s.Columns; c++)
            {
                double uv = s.Transpose ? (double)u[c] * v[r] : (double)u[r] * v[c];
                values[5][r * s.Columns + c] = (float)((g[r * s.Columns + c] - dot / sigma * uv) / sigma);
            }
    }

    /// <summary>v = (p, g, m, v) of each slot, one after another.</summary>
    public static void Adam(float[][] values, AdamSpec s)
    {
        double correction1 = 1 - Math.Pow(s.Beta1, s.Step), correction2 = 1 - Math.Pow(s.Beta2, s.Step);
        for (int slot = 0; slot < values.Length; slot += 4)
        {
            (float[] p, float[] g, float[] m, float[] v) = (values[slot], values[slot + 1], values[slot + 2], values[slot + 3]);
            for (int i = 0; i < p.Length; i++)
            {
                double m1 = s.Beta1 * m[i] + (1 - s.Beta1) * g[i], v1 = s.Beta2 * v[i] + (1 - s.Beta2) * g[i] * g[i];
                double step = s.Form == AdamForm.Torch
                    ? s.LearningRate / correction1 * m1 / (Math.Sqrt(v1 / correction2) + s.Epsilon)
                    : s.LearningRate * Math.Sqrt(correction2) / correction1 * m1 / (Math.Sqrt(v1) + s.Epsilon);
                (p[i], m[i], v[i]) = ((float)(p[i] - step), (float)m1, (float)v1);
            }
        }
    }

    static double Act(double z, Activation act) => act.Kind switch
    {
        ActivationKind.LeakyRelu => z < 0 ? act.Slope == 0 ? 0 : act.Slope * z : z,
        ActivationKind.Tanh => Math.Tanh(z),
        _ => z,
    };

    // g act'(z), told from y = act(z); 0 for a slope of 0, whatever g.
    static double Gradient(double g, double y, Activation act) => act.Kind switch
    {
        ActivationKind.LeakyRelu => y <= 0 ? act.Slope == 0 ? 0 : act.Slope * g : g,
        // The square as a float: that of a y far from those that a tanh has is infinite.
        ActivationKind.Tanh => g * (1 - (float)y * (float)y),
        _ => g,
    };

    static void Store(double[] from, float[] to)
    {
        for (int i = 0; i < from.Length; i++) to[i] = (float)from[i];
    }
}
