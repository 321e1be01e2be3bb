using System.Text;
using static Sagan.Native.Generation.GeneratedFiles;

namespace Sagan.Native.Generation;

/// <summary>The register tiles of attention.</summary>
static class AttentionMicrokernels
{
    const string Class = """
        using System.Runtime.CompilerServices;

        namespace Sagan.Native.Kernels;

        /// <summary>
        /// C[r, l] = (add ? C[r, l] : 0) + sum_k A(r, k) b[k, l] for a tile of rows r and lanes l. b is a panel: depth rows of exactly the
        /// tile's lanes.
        /// By rows: A(r, k) = a[r lda + k]. By columns: A(r, k) = a[k lda + r].
        /// </summary>
        static unsafe class AttentionMicrokernels
        {
        """;

    public static string Text()
    {
        List<string> parts = [];
        foreach ((string by, int vectors) in ((string, int)[])[("Rows", 2), ("Columns", 2), ("Rows", 1)])
            foreach (int rows in (int[])[8, 4, 1]) parts.Add(Tile(by, rows, vectors));
        return $"{Header(nameof(AttentionMicrokernels))}\n{Class}\n{string.Join("\n", parts)}}}\n";
    }

    static string Tile(string by, int rows, int vectors)
    {
        bool inRows = by == "Rows";
        StringBuilder o = new("    [MethodImpl(MethodImplOptions.AggressiveOptimization)]\n");
        o.Append($"    public static void {by}{rows}x{vectors}<V>(float* a, nint lda, float* b, int depth, float* c, nint ldc, bool add) ");
        o.Append("where V : unmanaged, ISimd<V>\n    {\n");
        for (int i = 0; i < rows; i++) o.Append($"        V {List(vectors, j => $"c{i}_{j} = V.Create(0)")};\n");
        for (int i = 1; i < rows && inRows; i++) o.Append($"        float* a{i} = a + {i} * lda;\n");
        string advance = $"b += {(vectors > 1 ? $"{vectors} * " : "")}V.Count{(inRows ? "" : ", a += lda")}";
        o.Append($"        for (nint k = 0; k < depth; k++, {advance})\n        {{\n");
        o.Append($"            V {List(vectors, j => $"b{j} = V.Load({Plus("b", j, "V.Count")})")};\n");
        for (int i = 0; i < rows; i++)
        {
            o.Append($"            V t{i} = V.Create({(!inRows ? $"a[{i}]" : i == 0 ? "a[k]" : $"a{i}[k]")});\n");
            for (int j = 0; j < vectors; j++) o.Append($"            c{i}_{j} = V.MultiplyAdd(t{i}, b{j}, c{i}_{j});\n");
        }
        o.Append("        }\n        if (add)\n        {\n");
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < vectors; j++) o.Append($"            c{i}_{j} += V.Load({At(i, j)});\n");
        o.Append("        }\n");
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < vectors; j++) o.Append($"        c{i}_{j}.Store({At(i, j)});\n");
        return o.Append("    }\n").ToString();
    }

    static string At(int row, int vector) => Plus(Plus("c", row, "ldc"), vector, "V.Count");
}
