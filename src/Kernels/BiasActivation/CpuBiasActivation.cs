using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

// dz = g act'(y);  dbias_c = sum over rows of dz.  g, y, dz [rows, columns]
// One job per block of rows (RowBlocks), lanes along the columns. Column sums are in float inside a block and in double, in block order,
// over the blocks.
// Reads g and y once, writes dz once: bound by memory. Without an activation y is not read, and dz not written where it is g.
static unsafe class CpuBiasActivation
{
    /// <inheritdoc cref="IFusedBias.BiasActivationBackward"/>
    public static void BiasActivationBackward(Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns, Activation act)
    {
        switch (act.Kind)
        {
            case ActivationKind.None: BiasBackward(g, y, dz, dbias, rows, columns, new FirstOp()); break;
            case ActivationKind.LeakyRelu: BiasBackward(g, y, dz, dbias, rows, columns, new LeakyReluGradOp(act.Slope)); break;
            case ActivationKind.Tanh: BiasBackward(g, y, dz, dbias, rows, columns, new TanhGradOp()); break;
            default: throw new ArgumentOutOfRangeException(nameof(act), act.Kind, "bias and activation: this activation is unknown.");
        }
    }

    static void BiasBackward<TGrad>(Storage g, Storage y, Storage dz, Storage? dbias, int rows, int columns, TGrad grad)
        where TGrad : unmanaged, IBinaryOp
    {
        RowBlocks blocks = RowBlocks.Cached(rows, columns);
        using ScratchScope scratch = ScratchArena.Enter();
        float* partials = scratch.Floats((long)blocks.Count * columns);
        WorkerPool.Run(blocks.Count,
            new BiasGradJob<TGrad>(g.Pointer(), y.Pointer(), dz.Pointer(), partials, columns, blocks, grad));
        if (dbias == null) return;
        float* db = dbias.Pointer();
        double* sums = scratch.Doubles(columns);
        Wide.SumRows(partials, columns, blocks.Count, columns, sums);
        for (int c = 0; c < columns; c++) db[c] = (float)sums[c];
    }
}

readonly unsafe struct BiasGradJob<TGrad>(float* g, float* y, float* dz, float* partials, int columns, RowBlocks blocks, TGrad grad)
    : ISimdJob
    where TGrad : unmanaged, IBinaryOp
{
    public void Execute(int index) => SimdJob.Run(this, index);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<V>(int block) where V : unmanaged, ISimd<V>
    {
        int c = 0;
        for (; c <= columns - V.Count; c += V.Count) Column<V>(block, c);
        for (; c < columns; c++) Column<Simd1>(block, c);
    }

    bool Stores => dz != g || typeof(TGrad) != typeof(FirstOp);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Column<V>(int block, int c) where V : unmanaged, ISimd<V>
    {
        V sum = V.Create(0);
        bool stores = Stores;
        long end = (long)blocks.End(block) * columns + c;
        for (long i = (long)blocks.Begin(block) * columns + c; i < end; i += columns)
        {
            V z = grad.Invoke(V.Load(g + i), V.Load(y + i));
            if (stores) z.Store(dz + i);
            sum += z;
        }
        sum.Store(partials + (long)block * columns + c);
    }
}
