namespace Sagan.Native.Kernels;

/// <summary>A factor of a product: its memory, where in it the elements lie, and whether every four neighbours begin at a multiple of 4.</summary>
readonly record struct GpuFactor<T>(Storage Values, T At, bool Aligned) where T : struct, IGpuOperand;

/// <summary>The result of a product: its memory, where in it the rows lie, and whether they begin at multiples of 4.</summary>
readonly record struct GpuResult<T>(Storage Values, T At, bool Aligned, Storage? Scale, Storage? Bias, Activation Act) where T : struct, IGpuPlaces;

public sealed partial class GpuBackend : IFusedBias, ITensorCores
{
    /// <summary>The plan of all products, instead of the one that is chosen for their size: for tests and measurements.</summary>
    internal GpuGemmPlan? FixedPlan { get; set; }

    /// <inheritdoc/>
    public MatMulPrecision MatMulPrecision { get; set; }

    bool ITensorCores.TensorCoresForAllProducts { get; set; }

    bool ITensorCores.HasTensorCores => queue.HasTensorCores;

    /// <inheritdoc/>
    public override void MatMul(Storage a, Storage b, Storage y, in MatMulSpec s) => MatMulBias(a, b, null, null, y, s, Activation.None);

    /// <inheritdoc/>
    public void MatMulBias(Storage a, Storage b, Storage? scale, Storage? bias, Storage y, in MatMulSpec s, Activation act)
    {
        // One matrix b for all of a: their rows are the rows of one product.
        bool joined = s.BatchStrideB == 0 && !s.TransposeA && s.BatchStrideA == s.M * s.K;
        GpuGemmSize size = joined ? new(1, s.Batch * s.M, s.N, s.K) : new(s.Batch, s.M, s.N, s.K);
        GpuResult<GpuMatrixPlaces> result = new(y, new(s.M * s.N, s.N, size.M), IsFours(s.N), scale, bias, act);
        if (s.TransposeA)
        {
            GpuFactor<GpuColumnOperand> left = new(a, new(s.BatchStrideA, s.M, size.M, s.K), IsFours(s.M | s.BatchStrideA));
            if (s.TransposeB) Product(size, left, Rows(b, s), result);
            else Product(size, left, Columns(b, s), result);
        }
        else
        {
            GpuFactor<GpuRowOperand> left = new(a, new(s.BatchStrideA, s.K, size.M, s.K), IsFours(s.K | s.BatchStrideA));
            if (s.TransposeB) Product(size, left, Rows(b, s), result);
            else Product(size, left, Columns(b, s), result);
        }
    }

    static GpuFactor<GpuRowOperand> Rows(Storage b, in MatMulSpec s) => new(b, new(s.BatchStrideB, s.K, s.N, s.K), IsFours(s.K | s.BatchStrideB));

    static GpuFactor<GpuColumnOperand> Columns(Storage b, in MatMulSpec s) => new(b, new(s.BatchStrideB, s.N, s.N, s.K), IsFours(s.N | s.BatchStrideB));

    static bool IsFours(int n) => (n & 3) == 0;

    // y = act(scale A B + bias). The choices that a kernel is compiled for are made here, one after the other: loads, activation, tile.
    void Product<TA, TB, TPlaces>(GpuGemmSize s, GpuFactor<TA> a, GpuFactor<TB> b, GpuResult<TPlaces> y)
        where TA : struct, IGpuOperand where TB : struct, IGpuOperand where TPlaces : struct, IGpuPlaces
    {
        if (s.Entries == 0 || s.M == 0 || s.N == 0) return;
        if (a.Aligned) Product(s, new GpuFours<TA>(Floats(a.Values), a.At), b, y);
        else Product(s, new GpuSingles<TA>(Floats(a.Values), a.At), b, y);
    }

    void Product<TA, TB, TPlaces>(GpuGemmSize s, TA a, GpuFactor<TB> b, GpuResult<TPlaces> y)
        where TA : struct, IGpuLoader where TB : struct, IGpuOperand where TPlaces : struct, IGpuPlaces
    {
        if (b.Aligned) Product(s, a, new GpuFours<TB>(Floats(b.Values), b.At), y);
        else Product(s, a, new GpuSingles<TB>(Floats(b.Values), b.At), y);
    }

    void Product<TA, TB, TPlaces>(GpuGemmSize s, TA a, TB b, GpuResult<TPlaces> y)
        where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TPlaces : struct, IGpuPlaces
    {
        // An absent operand's view is never read; y's serves.
        GpuScaleBias linear = new(Floats(y.Scale ?? y.Values), Floats(y.Bias ?? y.Values), y.Scale != null ? 1 : 0, y.Bias != null ? 1 : 0);
        if (y.Act.Kind == ActivationKind.None) Product(s, a, b, y, new GpuLeakyEpilogue(linear, 1), false);
        else if (y.Act.Kind == ActivationKind.LeakyRelu) Product(s, a, b, y, new GpuLeakyEpilogue(linear, y.Act.Slope), false);
        else Product(s, a, b, y, new GpuActivationEpilogue(linear, new GpuActivation(y.Act)), true);
    }

    // A long epilogue, which is repeated for each element of a register tile, wants a small one.
    void Product<TA, TB, TPlaces, TEpilogue>(GpuGemmSize s, TA a, TB b, GpuResult<TPlaces> y, TEpilogue epilogue, bool isLong)
        where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TPlaces : struct, IGpuPlaces where TEpilogue : struct, IGpuEpilogue
    {
        GpuGemmPlan plan = FixedPlan ??
            GpuGemmPlan.Choose(s, isLong || queue.PrefersSmallTiles, MatMulPrecision, ((ITensorCores)this).TensorCoresForAllProducts);
        GpuOutput<TPlaces, TEpilogue> output = new(Floats(y.Values), y.At, epilogue, s.N, y.Aligned ? 1 : 0);
        if (plan.Slices == 1)
        {
            LaunchTiles(plan, s, a, b, output);
            return;
        }
        int columns = 4 * CeilDiv(s.N, 4), slice = s.M * columns;
        GpuStorage partial = Temporary((long)s.Entries * plan.Slices * slice);
        GpuLeakyEpilogue none = new(new GpuScaleBias(partial.View, partial.View, 0, 0), 1);
        LaunchTiles(plan, s, a, b, new GpuOutput<GpuMatrixPlaces, GpuLeakyEpilogue>(partial.View, new(slice, columns, s.M), none, columns, 1));
        int fours = s.Entries * (slice >> 2);
        queue.Launch(new GpuSliceSumKernel<GpuOutput<TPlaces, TEpilogue>>(partial.View, output, new(s.M, columns >> 2), fours, plan.Slices, slice >> 2,
            columns >> 2), GpuGrid.Cover(fours, Threads));
        partial.Release();
    }

    void LaunchTiles<TA, TB, TOutput>(GpuGemmPlan plan, GpuGemmSize s, TA a, TB b, TOutput y)
        where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
    {
        switch (plan.Tile)
        {
            case GpuGemmTile.Tile128x128: LaunchTiles<GpuTile128x128, TA, TB, TOutput>(plan, s, a, b, y); break;
            case GpuGemmTile.Tile128x64: LaunchTiles<GpuTile128x64, TA, TB, TOutput>(plan, s, a, b, y); break;
            case GpuGemmTile.Tf32: LaunchTensorTiles<GpuTf32, TA, TB, TOutput>(plan, s, a, b, y); break;
            case GpuGemmTile.Bf16: LaunchTensorTiles<GpuBf16, TA, TB, TOutput>(plan, s, a, b, y); break;
            case GpuGemmTile.Tile64x64: LaunchTiles<GpuTile64x64, TA, TB, TOutput>(plan, s, a, b, y); break;
            default: LaunchTiles<GpuTile128x32, TA, TB, TOutput>(plan, s, a, b, y); break;
        }
    }

    void LaunchTiles<TTile, TA, TB, TOutput>(GpuGemmPlan plan, GpuGemmSize s, TA a, TB b, TOutput y)
        where TTile : struct, IGpuTile where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
    {
        GpuTiling tiling = Tiling(plan, s, TTile.Rows, TTile.Columns);
        queue.Launch(new GpuGemmKernel<TTile, TA, TB, TOutput>(a, b, y, tiling), Groups(tiling, s.Entries));
    }

    void LaunchTensorTiles<TPrecision, TA, TB, TOutput>(GpuGemmPlan plan, GpuGemmSize s, TA a, TB b, TOutput y)
        where TPrecision : struct, IGpuTensorPrecision where TA : struct, IGpuLoader where TB : struct, IGpuLoader where TOutput : struct, IGpuOutput
    {
        GpuTiling tiling = Tiling(plan, s, GpuTensorTile.Side, GpuTensorTile.Side);
        queue.Launch(new GpuTensorGemmKernel<TPrecision, TA, TB, TOutput>(a, b, y, tiling), Groups(tiling, s.Entries));
    }

    static GpuTiling Tiling(GpuGemmPlan plan, GpuGemmSize s, int rows, int columns) =>
        new(CeilDiv(s.M, rows), CeilDiv(s.N, columns), plan.Slices, plan.SliceLength(s.K), s.K);

    static GpuGrid Groups(GpuTiling t, int entries) => new(checked(entries * t.Slices * t.RowTiles * t.ColumnTiles));
}
