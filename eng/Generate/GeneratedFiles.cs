namespace Sagan.Native.Generation;

/// <summary>
/// The files that are written by this program. All are register tiles: a tile keeps its sums in named locals, which the JIT holds in
/// registers; a loop over an array of them runs at a quarter of the speed.
/// </summary>
static class GeneratedFiles
{
    /// <summary>Each file, from the root of the checkout, and its text.</summary>
    public static IReadOnlyList<(string Path, string Text)> All =>
    [
        ("src/Kernels/Cpu/Gemm/Tiles.Generated.cs", GemmTiles.Text()),
        ("src/Kernels/Conv2d/WindowTiles.Generated.cs", WindowTiles.Text()),
        ("src/Kernels/Attention/AttentionMicrokernels.Generated.cs", AttentionMicrokernels.Text()),
    ];

    /// <summary>What every file begins with.</summary>
    public static string Header(string source) =>
        $"// Written by eng/Generate/{source}.cs; change that instead, and run: dotnet run --project eng/Generate";

    /// <summary>0 to count - 1, each as text, with commas between.</summary>
    public static string List(int count, Func<int, string> item) => string.Join(", ", Enumerable.Range(0, count).Select(item));

    /// <summary>"x", "x + step", "x + 2 * step", ...</summary>
    public static string Plus(string x, int times, string step) =>
        times == 0 ? x : times == 1 ? $"{x} + {step}" : $"{x} + {times} * {step}";
}
