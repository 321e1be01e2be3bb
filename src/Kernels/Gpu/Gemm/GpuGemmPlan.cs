using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>The tile of a thread block of threads.</summary>
enum GpuGemmTile
{
    Tile128x128,
    Tile128x64,
    Tile64x64,
    Tile128x32,

    /// <summary>128 x 128 on tensor cores, factors rounded to TF32 or BF16.</summary>
    Tf32,
    Bf16,
}

/// <summary>Entries products y [M,N] = A [M,K] B [K,N].</summary>
readonly record struct GpuGemmSize(int Entries, int M, int N, int K);

/// <summary>
/// How a product is cut: by which tile, and into how many splits of k. Large tiles multiply more for each load; small tiles and splits make
/// enough thread blocks for all SMs of a device. Which is better is told from a count of instructions, the same on every device, so that
/// results do not depend on it.
/// </summary>
readonly record struct GpuGemmPlan(GpuGemmTile Tile, int SplitK)
{
    /// <summary>Thread blocks that keep a large GPU busy: two on each of some 130 SMs.</summary>
    const int EnoughBlocks = 256;

    /// <summary>The shortest split that is worth a thread block, in k.</summary>
    const int LeastSplitDepth = 128;

    /// <summary>
    /// What a split sum costs, in the unit of <see cref="Cost"/>: its launch, and the elements that go through memory for one unit.
    /// </summary>
    const double LaunchCost = 1500, ElementsPerUnit = 700;

    static readonly GpuGemmTile[] All = [GpuGemmTile.Tile128x128, GpuGemmTile.Tile128x64, GpuGemmTile.Tile64x64, GpuGemmTile.Tile128x32],
        Small = [GpuGemmTile.Tile64x64, GpuGemmTile.Tile128x32];

    /// <summary>Rows and columns of a tile, multiplications and loads from shared memory of a thread for each k.</summary>
    static (int Rows, int Columns, int Multiplications, int Loads) Of(GpuGemmTile tile) => tile switch
    {
        GpuGemmTile.Tile128x128 => (128, 128, 64, 4),
        GpuGemmTile.Tile128x64 => (128, 64, 32, 3),
        GpuGemmTile.Tile64x64 => (64, 64, 16, 2),
        GpuGemmTile.Tile128x32 => (128, 32, 16, 2),
        _ => (GpuTensorTile.Side, GpuTensorTile.Side, 64, 4),
    };

    /// <summary>
    /// Fewer rows or columns fill less than a quarter of a tensor core's tile, which is then no faster than a small tile without: such
    /// products stay float32.
    /// </summary>
    const int LeastTensorSide = 33;

    /// <summary>The cut by the size and, where tensor cores may be used, by the precision.</summary>
    public static GpuGemmPlan Choose(GpuGemmSize s, bool small, MatMulPrecision precision, bool evenThin = false)
    {
        if (precision == MatMulPrecision.Highest || (!evenThin && Math.Min(s.M, s.N) < LeastTensorSide)) return Choose(s, small);
        GpuGemmTile tile = precision == MatMulPrecision.High ? GpuGemmTile.Tf32 : GpuGemmTile.Bf16;
        return new GpuGemmPlan(tile, EnoughSplits(s, tile));
    }

    public static GpuGemmPlan Choose(GpuGemmSize s, bool small)
    {
        GpuGemmPlan best = default;
        double least = double.PositiveInfinity;
        foreach (GpuGemmTile tile in small ? Small : All)
        {
            foreach (int splitK in (ReadOnlySpan<int>)[1, EnoughSplits(s, tile)])
            {
                double cost = new GpuGemmPlan(tile, splitK).Cost(s);
                if (cost >= least) continue;
                least = cost;
                best = new GpuGemmPlan(tile, splitK);
            }
        }
        return best;
    }

    static int EnoughSplits(GpuGemmSize s, GpuGemmTile tile) =>
        (int)Math.Clamp((EnoughBlocks + ThreadBlocks(s, tile) - 1) / ThreadBlocks(s, tile), 1, Math.Max(1, s.K / LeastSplitDepth));

    static long ThreadBlocks(GpuGemmSize s, GpuGemmTile tile)
    {
        (int rows, int columns, _, _) = Of(tile);
        return Math.Max(1, (long)s.Entries * CeilDiv(s.M, rows) * CeilDiv(s.N, columns));
    }

    // Instructions of a thread, times how often the device is filled.
    double Cost(GpuGemmSize s)
    {
        (_, _, int multiplications, int loads) = Of(Tile);
        double step = multiplications + 6 * loads + 8, fills = Math.Max(1, (double)ThreadBlocks(s, Tile) * SplitK / EnoughBlocks);
        double sum = SplitK == 1 ? 0 : LaunchCost + (double)SplitK * s.Entries * s.M * s.N / ElementsPerUnit;
        return fills * DepthPerSplit(s.K) * step + sum;
    }

    /// <summary>k of a split, a multiple of the steps between two barriers.</summary>
    public int DepthPerSplit(int k) => CeilDiv(Math.Max(1, k), SplitK * Steps) * Steps;

    int Steps => Tile switch
    {
        GpuGemmTile.Tf32 => GpuTf32.Steps,
        GpuGemmTile.Bf16 => GpuBf16.Steps,
        _ => GpuShared.Steps,
    };
}
