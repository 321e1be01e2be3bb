using System.Text;
using static Sagan.Native.Generation.GeneratedFiles;

namespace Sagan.Native.Generation;

/// <summary>The register tiles of convolutions with few input channels.</summary>
static class WindowTiles
{
    const string Class = """
        using System.Runtime.CompilerServices;

        namespace Sagan.Native.Kernels;

        /// <summary>
        /// Register tiles over windows that are read where they lie in a <see cref="PaddedBand"/>: step p of the sum begins offset[p]
        /// floats behind x. One loop with a table of offsets, not two loops: around nested loops the JIT keeps an accumulator in memory.
        /// Accumulators are named locals, as in
        /// <see cref="Tiles"/>.
        /// </summary>
        static unsafe class WindowTiles
        {
        """;

    public static string Text()
    {
        List<string> parts = [];
        foreach (int pixels in (int[])[8, 6])
            foreach (int vectors in (int[])[2, 1]) parts.Add(Pixels(pixels, vectors));
        foreach (int taps in (int[])[12, 8, 6, 4])
            foreach (int vectors in (int[])[2, 1]) parts.Add(Taps(taps, vectors));
        return $"{Header(nameof(WindowTiles))}\n{Class}\n{string.Join("\n", parts)}}}\n";
    }

    // Neighbouring windows are `step` floats apart: a pointer for every three of them.
    static string Pixels(int rows, int vectors)
    {
        StringBuilder o = Head("Pixels", "y[i, j] = leaky(sum over p &lt; k of x[offset[p] + i step] w[p, j] + bias[j])",
            "nint step, float* w, float* bias, float* slope, float* y, nint ldy", rows, vectors);
        o.Append($"        V {List(vectors, j => $"c{j} = V.Load({Plus("bias", j, "V.Count")})")};\n");
        Locals(o, rows, vectors);
        o.Append("        nint step2 = 2 * step, step3 = 3 * step;\n");
        Loop(o, rows, vectors, "w", i => i % 3 == 0 ? "0" : i % 3 == 1 ? "step" : "step2", "w += 2 * V.Count;");
        o.Append("        V s = V.Load(slope), zero = V.Create(0), flat = V.EqualTo(s, zero);\n");
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < vectors; j++)
            {
                string c = $"c{i}_{j}";
                string at = Plus("y", j, "V.Count");
                o.Append($"        V.Select(V.GreaterThan(zero, {c}), V.Select(flat, zero, s * {c}), {c}).Store({at});\n");
            }
            if (i < rows - 1) o.Append("        y += ldy;\n");
        }
        return o.Append("    }\n").ToString();
    }

    static string Taps(int rows, int vectors)
    {
        StringBuilder o = Head("Taps", "sum[i, j] += sum over p &lt; k of x[offset[p] + i] dy[p, j]",
            "float* dy, nint lddy, float* sum, nint ldsum", rows, vectors);
        o.Append($"        V {List(vectors, j => j == 0 ? "c0 = V.Create(0)" : $"c{j} = c0")};\n");
        Locals(o, rows, vectors);
        Loop(o, rows, vectors, "dy", i => $"{i}", "dy += lddy;");
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < vectors; j++)
            {
                string at = Plus("sum", j, "V.Count");
                o.Append($"        (V.Load({at}) + c{i}_{j}).Store({at});\n");
            }
            if (i < rows - 1) o.Append("        sum += ldsum;\n");
        }
        return o.Append("    }\n").ToString();
    }

    static StringBuilder Head(string name, string summary, string parameters, int rows, int vectors)
    {
        string width = vectors == 1 ? "1 vector" : $"{vectors} vectors", what = name == "Taps" ? "taps" : "pixels";
        StringBuilder o = new($"    /// <summary>{summary}: {rows} {what}, {width} of outputs.</summary>\n");
        o.Append("    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]\n");
        o.Append($"    public static void {name}{rows}x{vectors}<V>(nint k, float* x, int* offset, {parameters})\n");
        return o.Append("        where V : unmanaged, ISimd<V>\n    {\n");
    }

    static void Locals(StringBuilder o, int rows, int vectors)
    {
        for (int i = 0; i < rows; i++) o.Append($"        V {List(vectors, j => $"c{i}_{j} = c{j}")};\n");
    }

    static void Loop(StringBuilder o, int rows, int vectors, string right, Func<int, string> at, string advance)
    {
        bool stepped = right == "w";
        o.Append("        for (nint p = 0; p < k; p++)\n        {\n");
        o.Append($"            V {List(vectors, j => $"b{j} = V.Load({Plus(right, j,
            "V.Count")})")};\n            float* q = x + offset[p];\n");
        for (int i = 0; i < rows; i++)
        {
            if (stepped && i > 0 && i % 3 == 0) o.Append("            q += step3;\n");
            string sums = string.Join(" ", Enumerable.Range(0, vectors).Select(j => $"c{i}_{j} = V.MultiplyAdd(a, b{j}, c{i}_{j});"));
            o.Append($"            {(i == 0 ? "V a" : "a")} = V.Create(q[{at(i)}]); {sums}\n");
        }
        o.Append($"            {advance}\n        }}\n");
    }
}
