using System.Text;
using static Sagan.Native.Generation.GeneratedFiles;

namespace Sagan.Native.Generation;

/// <summary>The register tiles of the matrix product.</summary>
static class GemmTiles
{
    static readonly int[] Rows = [12, 8, 6, 4, 2];

    const string Parameters = "nint k, float* a, nint lda, float* b, nint ldb, float* t) where V : unmanaged, ISimd<V>";

    public static string Text()
    {
        List<string> parts = [];
        foreach (string layout in (string[])["Rows", "Columns"])
            foreach (int vectors in (int[])[2, 1]) parts.Add(Dispatcher(layout, vectors));
        foreach (string layout in (string[])["Rows", "Columns"])
            foreach (int vectors in (int[])[2, 1])
                foreach (int rows in Rows) parts.Add(Tile(layout, rows, vectors));
        return $"{Header(nameof(GemmTiles))}\n{Class}\n{string.Join("\n", parts)}}}\n";
    }

    const string Class = """
        using System.Runtime.CompilerServices;
        using System.Runtime.Intrinsics.X86;

        namespace Sagan.Native.Kernels;

        /// <summary>
        /// Register tiles: t[i, j] = sum over p &lt; k of a[i, p] b[p, j] for i &lt; R rows and j &lt; C vectors; b[p, j] at b[p ldb + j],
        /// t with a pitch of two vectors.
        /// Rows: a[i, p] at a[i lda + p]. Columns: a[i, p] at a[p lda + i].
        /// Every sum is one chain of fused multiply-adds in ascending p, so an element has the same bits in whichever tile it is computed.
        /// The accumulators are named locals because the JIT keeps those in registers; an array of 24 vectors (stackalloc or inline array)
        /// ran at a quarter of the speed.
        /// </summary>
        static unsafe class Tiles
        {
            // How many steps of k ahead b is asked for: it streams from L2.
            const int PrefetchSteps = 24;

            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            static void Prefetch<V>(float* b) where V : unmanaged, ISimd<V>
            {
                if (!Sse.IsSupported || V.Count < 8) return;
                Sse.Prefetch0(b);
                if (V.Count == 16) Sse.Prefetch0(b + V.Count);
            }

            /// <summary>Runs the smallest tile that has at least this many rows.</summary>
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            public static void Run<V, TA>(int rows, bool wide, nint k, float* a, nint lda, float* b, nint ldb, float* t)
                where V : unmanaged, ISimd<V> where TA : unmanaged, IOperand
            {
                if (TA.InRows)
                {
                    if (wide) RunRows2<V>(rows, k, a, lda, b, ldb, t);
                    else RunRows1<V>(rows, k, a, lda, b, ldb, t);
                }
                else if (wide) RunColumns2<V>(rows, k, a, lda, b, ldb, t);
                else RunColumns1<V>(rows, k, a, lda, b, ldb, t);
            }

        """;

    static string Dispatcher(string layout, int vectors)
    {
        StringBuilder o = new($"    static void Run{layout}{vectors}<V>(int rows, {Parameters}\n    {{\n");
        for (int i = 0; i < Rows.Length; i++)
        {
            string condition = i < Rows.Length - 1 ? $"if (rows > {Rows[i + 1]}) " : "";
            o.Append($"        {(i == 0 ? "" : "else ")}{condition}{layout}{Rows[i]}x{vectors}<V>(k, a, lda, b, ldb, t);\n");
        }
        return o.Append("    }\n").ToString();
    }

    static string Tile(string layout, int rows, int vectors)
    {
        bool inRows = layout == "Rows";
        StringBuilder o = new("    [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]\n");
        o.Append($"    static void {layout}{rows}x{vectors}<V>({Parameters}\n    {{\n");
        for (int i = 0; i < rows; i++) o.Append($"        V {List(vectors, j => $"c{i}_{j} = V.Create(0)")};\n");
        if (inRows)
        {
            // A pointer for every three rows: the others are one or two strides away from it.
            if (rows > 2) o.Append("        nint lda2 = 2 * lda;\n");
            for (int g = 3; g < rows; g += 3) o.Append($"        float* a{g} = a + {g} * lda;\n");
        }
        o.Append("        nint ahead = PrefetchSteps * ldb;\n        for (; k > 0; k--)\n        {\n");
        o.Append($"            V {List(vectors, j => $"b{j} = V.Load({Plus("b", j,
            "V.Count")})")};\n            Prefetch<V>(b + ahead);\n");
        for (int i = 0; i < rows; i++)
        {
            string from = inRows ? $"{Pointer(i)}[{(i % 3 == 0 ? "0" : i % 3 == 1 ? "lda" : "lda2")}]" : $"a[{i}]";
            string sums = string.Join(" ", Enumerable.Range(0, vectors).Select(j => $"c{i}_{j} = V.MultiplyAdd(x, b{j}, c{i}_{j});"));
            o.Append($"            {(i == 0 ? "V x" : "x")} = V.Create({from}); {sums}\n");
        }
        o.Append("            b += ldb;\n");
        string advance = inRows ? string.Join(" ", Enumerable.Range(0, (rows + 2) / 3).Select(g => $"{Pointer(3 * g)}++;")) : "a += lda;";
        o.Append($"            {advance}\n        }}\n");
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < vectors; j++) o.Append($"        c{i}_{j}.Store(t + {2 * i + j} * V.Count);\n");
        return o.Append("    }\n").ToString();
    }

    static string Pointer(int row) => row < 3 ? "a" : $"a{row / 3 * 3}";
}
