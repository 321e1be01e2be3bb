using static Sagan.Native.Kernels.GpuViews;
using static Sagan.Native.Kernels.IntMath;

namespace Sagan.Native.Kernels;

/// <summary>
/// A factor of a product: its memory, where in it the elements lie, and whether every four neighbours begin at a multiple of 4.
/// </summary>
readonly record struct GpuFactor<T>(Storage Values, T At, bool Aligned) where T : struct, IGpuOperand;

/// <summary>The result of a product: its memory, where in it the rows lie, and whether they begin at multiples of 4.</summary>
readonly record struct GpuResult<T>(Storage Values, T At, bool Aligned, Storage? Scale, Storage? Bias, Activation Act)
    where T : struct, IGpuOutputLayout;

/// <summary>Launches the products of all operations.</summary>
static class GpuGemm
{
    /// <summary>Whether runs of so many elements begin at multiples of 4.</summary>
    public static bool IsVec4(int n) => (n & 3) == 0;

    /// <summary>
    /// y = act(scale A B + bias). The choices that a kernel is compiled for are made here, one after the other: loads, activation, tile.
    /// </summary>
    public static void Run<TA, TB, TLayout>(GpuContext gpu, GpuGemmSize s, GpuFactor<TA> a, GpuFactor<TB> b, GpuResult<TLayout> y)
        where TA : struct, IGpuOperand where TB : struct, IGpuOperand where TLayout : struct, IGpuOutputLayout
    {
        if (s.Entries == 0 || s.M == 0 || s.N == 0) return;
        if (a.Aligned) Run(gpu, s, new GpuVec4Loader<TA>(Floats(a.Values), a.At), b, y);
        else Run(gpu, s, new GpuScalarLoader<TA>(Floats(a.Values), a.At), b, y);
    }

    static void Run<TA, TB, TLayout>(GpuContext gpu, GpuGemmSize s, TA a, GpuFactor<TB> b, GpuResult<TLayout> y)
        where TA : struct, IGpuLoader where TB : struct, IGpuOperand where TLayout : struct, IGpuOutputLayout
    {
        if (b.Aligned) Run(gpu, s, a, new GpuVec4Loader<TB>(Floats(b.Values), b.At), y);
        else Run(gpu, s, a, new GpuScalarLoader<TB>(Floats(b.Values), b.At), y);
    }

    static void Run<TA, TB, TLayout>(GpuContext gpu, GpuGemmSize s, TA a, TB b, GpuResult<TLayout> y)
        where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TLayout : struct, IGpuOutputLayout
    {
        // An absent operand's view is never read; y's serves.
        GpuScaleBias linear = new(Floats(y.Scale ?? y.Values), Floats(y.Bias ?? y.Values), y.Scale != null ? 1 : 0, y.Bias != null ? 1 : 0);
        if (y.Act.Kind == ActivationKind.None) Run(gpu, s, a, b, y, new GpuLeakyEpilogue(linear, 1), false);
        else if (y.Act.Kind == ActivationKind.LeakyRelu) Run(gpu, s, a, b, y, new GpuLeakyEpilogue(linear, y.Act.Slope), false);
        else Run(gpu, s, a, b, y, new GpuActivationEpilogue(linear, new GpuActivation(y.Act)), true);
    }

    // A long epilogue, which is repeated for each element of a register tile, wants a small one.
    static void Run<TA, TB, TLayout, TEpilogue>(GpuContext gpu, GpuGemmSize s, TA a, TB b, GpuResult<TLayout> y, TEpilogue epilogue,
        bool isLong)
        where TA : struct, IGpuLoader
        where TB : struct, IGpuLoader where TLayout : struct, IGpuOutputLayout where TEpilogue : struct, IGpuEpilogue
    {
        GpuGemmPlan plan = gpu.FixedPlan ??
            GpuGemmPlan.Choose(s, isLong || gpu.Queue.PrefersSmallTiles, gpu.MatMulPrecision, gpu.TensorCoresForAllProducts);
        GpuOutput<TLayout, TEpilogue> output = new(Floats(y.Values), y.At, epilogue, s.N, y.Aligned ? 1 : 0);
        if (plan.SplitK == 1)
        {
            LaunchTiles(gpu, plan, s, a, b, output);
            return;
        }
        int columns = 4 * CeilDiv(s.N, 4), splitSize = s.M * columns;
        GpuStorage partial = gpu.Temporary((long)s.Entries * plan.SplitK * splitSize);
        GpuLeakyEpilogue none = new(new GpuScaleBias(partial.View, partial.View, 0, 0), 1);
        GpuOutput<GpuMatrixLayout, GpuLeakyEpilogue> splits = new(partial.View, new(splitSize, columns, s.M), none, columns, 1);
        LaunchTiles(gpu, plan, s, a, b, splits);
        int vec4s = s.Entries * (splitSize >> 2);
        GpuSplitKSumKernel<GpuOutput<TLayout, TEpilogue>> sum =
            new(partial.View, output, new(s.M, columns >> 2), vec4s, plan.SplitK, splitSize >> 2, columns >> 2);
        gpu.Launch(sum, GpuGrid.Cover(vec4s));
        partial.Release();
    }

    static void LaunchTiles<TA, TB, TOutput>(GpuContext gpu, GpuGemmPlan plan, GpuGemmSize s, TA a, TB b, TOutput y)
        where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
    {
        switch (plan.Tile)
        {
            case GpuGemmTile.Tile128x128: LaunchTiles<GpuTile128x128, TA, TB, TOutput>(gpu, plan, s, a, b, y); break;
            case GpuGemmTile.Tile128x64: LaunchTiles<GpuTile128x64, TA, TB, TOutput>(gpu, plan, s, a, b, y); break;
            case GpuGemmTile.Tf32: LaunchTensorTiles<GpuTf32, TA, TB, TOutput>(gpu, plan, s, a, b, y); break;
            case GpuGemmTile.Bf16: LaunchTensorTiles<GpuBf16, TA, TB, TOutput>(gpu, plan, s, a, b, y); break;
            case GpuGemmTile.Tile64x64: LaunchTiles<GpuTile64x64, TA, TB, TOutput>(gpu, plan, s, a, b, y); break;
            default: LaunchTiles<GpuTile128x32, TA, TB, TOutput>(gpu, plan, s, a, b, y); break;
        }
    }

    static void LaunchTiles<TTile, TA, TB, TOutput>(GpuContext gpu, GpuGemmPlan plan, GpuGemmSize s, TA a, TB b, TOutput y)
        where TTile : struct, IGpuTile where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
    {
        GpuTiling tiling = Tiling(plan, s, TTile.Rows, TTile.Columns);
        gpu.Launch(new GpuGemmKernel<TTile, TA, TB, TOutput>(a, b, y, tiling), LaunchGrid(tiling, s.Entries));
    }

    static void LaunchTensorTiles<TPrecision, TA, TB, TOutput>(GpuContext gpu, GpuGemmPlan plan, GpuGemmSize s, TA a, TB b, TOutput y)
        where TPrecision : struct, IGpuTensorPrecision
        where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
    {
        GpuTiling tiling = Tiling(plan, s, GpuTensorTile.Side, GpuTensorTile.Side);
        gpu.Launch(new GpuTensorGemmKernel<TPrecision, TA, TB, TOutput>(a, b, y, tiling), LaunchGrid(tiling, s.Entries));
    }

    static GpuTiling Tiling(GpuGemmPlan plan, GpuGemmSize s, int rows, int columns) =>
        new(CeilDiv(s.M, rows), CeilDiv(s.N, columns), plan.SplitK, plan.DepthPerSplit(s.K), s.K);

    static GpuGrid LaunchGrid(GpuTiling t, int entries) => new(checked(entries * t.SplitK * t.RowTiles * t.ColumnTiles));
}
