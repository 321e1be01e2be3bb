using System.Globalization;
using Sagan.Native.Kernels;

namespace Sagan.Native.Benchmarks;

/// <summary>
/// A convolution of square images, with padding floor((Kernel - Stride + 1) / 2): an odd kernel keeps their size at stride 1, an even one
/// halves it at stride 2.
/// </summary>
readonly record struct OwnConvolution(int Ci, int Co, int Size, int Kernel, int Stride)
{
    int Padding => (Kernel - Stride + 1) / 2;

    int Out => (Size + 2 * Padding - Kernel) / Stride + 1;

    public Conv2dSpec Spec(int batch) => new(batch, Size, Size, Ci, Co, Kernel, Kernel, Stride, Padding, Out, Out);
}

/// <summary>Shapes that were asked for by name.</summary>
sealed record OwnShapes(IReadOnlyList<OwnConvolution> Convolutions, IReadOnlyList<(int M, int N, int K)> Products,
    IReadOnlyList<(int N, int Dk, int Dv)> Attentions)
{
    const int Largest = 1 << 16;
    const long MostElements = 1L << 28;

    public bool IsEmpty => Convolutions.Count + Products.Count + Attentions.Count == 0;

    /// <summary>Reads what the options say. Throws <see cref="UsageException"/> for what no kernel can be given.</summary>
    public static OwnShapes Parse(IReadOnlyList<string> conv, IReadOnlyList<string> matMul, IReadOnlyList<string> attention, int batch)
    {
        OwnShapes shapes = new(
            [.. conv.Select(t => Numbers("--conv", t, "Ci,Co,size,kernel,stride"))
                .Select(v => new OwnConvolution(v[0], v[1], v[2], v[3], v[4]))],
            [.. matMul.Select(t => Numbers("--matmul", t, "M,N,K")).Select(v => (v[0], v[1], v[2]))],
            [.. attention.Select(t => Numbers("--attention", t, "N,dk,dv")).Select(v => (v[0], v[1], v[2]))]);
        foreach (OwnConvolution c in shapes.Convolutions)
        {
            string text = string.Create(CultureInfo.InvariantCulture, $"--conv {c.Ci},{c.Co},{c.Size},{c.Kernel},{c.Stride}");
            if (c.Stride > c.Kernel) throw new UsageException($"{text}: stride {c.Stride} must be at most kernel {c.Kernel}.");
            if (c.Kernel > c.Size) throw new UsageException($"{text}: kernel {c.Kernel} must be at most size {c.Size}.");
            Conv2dSpec s = c.Spec(batch);
            Require(text, (long)s.N * s.H * s.W * s.Ci, (long)s.N * s.OutH * s.OutW * s.Co, (long)s.Co * s.Kh * s.Kw * s.Ci);
        }
        foreach ((int m, int n, int k) in shapes.Products) Require($"--matmul {m},{n},{k}", (long)m * k, (long)k * n, (long)m * n);
        foreach ((int n, int dk, int dv) in shapes.Attentions)
            Require($"--attention {n},{dk},{dv}", (long)batch * n * dk, (long)batch * n * dv);
        return shapes;
    }

    static int[] Numbers(string option, string text, string form)
    {
        string[] parts = text.Split(',');
        int[] numbers = new int[parts.Length];
        bool all = parts.Length == form.Split(',').Length;
        for (int i = 0; all && i < parts.Length; i++)
            all = int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])
                && numbers[i] is >= 1 and <= Largest;
        return all ? numbers : throw new UsageException($"{option} {text}: must be {form}, each 1 to {Largest}.");
    }

    static void Require(string what, params ReadOnlySpan<long> elements)
    {
        foreach (long n in elements)
            if (n > MostElements)
                throw new UsageException(
                    $"{what}: an operand of {n} numbers; at most {MostElements} are timed. Take a smaller --batch or size.");
    }
}
