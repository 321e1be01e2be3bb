using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Sagan.Native.Kernels;

/// <summary>Where the rows of a product go.</summary>
unsafe interface IOutputRows
{
    /// <summary>The address of column 0 of row r.</summary>
    float* Row(int r);
}

/// <summary>Row r at c + r ld.</summary>
readonly unsafe struct MatrixRows(float* c, long ld) : IOutputRows
{
    public float* Row(int r) => c + r * ld;
}

/// <summary>
/// What happens to a finished register tile: c = act(tile + bias). When K is cut into several blocks the first one stores, the later ones add to what is
/// stored, and bias and activation wait for the last.
/// </summary>
readonly unsafe struct Epilogue<TRows>(TRows rows, float* bias, Activation act) where TRows : unmanaged, IOutputRows
{
    public readonly TRows Rows = rows;
    readonly float* bias = bias;
    readonly Activation act = act;

    /// <summary>Stores a tile, which has a pitch of two vectors, into columns column .. column+columns-1 of some rows.</summary>
    public void Store<V>(float* t, float** rows, int height, int column, int columns, bool first, bool last) where V : unmanaged, ISimd<V>
    {
        bool finish = last && (bias != null || act.Kind != ActivationKind.None);
        // The common case by itself: two whole vectors a row and nothing to do but store.
        if (columns == 2 * V.Count && first && !finish)
        {
            for (int i = 0; i < height; i++, t += 2 * V.Count)
            {
                float* c = rows[i] + column;
                V.Load(t).Store(c);
                V.Load(t + V.Count).Store(c + V.Count);
            }
            return;
        }
        float* b = last && bias != null ? bias + column : null;
        for (int i = 0; i < height; i++, t += 2 * V.Count)
        {
            float* c = rows[i] + column;
            int j = 0;
            for (; j + V.Count <= columns; j += V.Count)
            {
                V y = V.Load(t + j);
                if (!first) y = V.Load(c + j) + y;
                if (b != null) y += V.Load(b + j);
                if (finish) y = Epilogues.Activate(y, act);
                y.Store(c + j);
            }
            if (j < columns) StoreTail<V>(t + j, c + j, b == null ? null : b + j, columns - j, first, finish);
        }
    }

    // Fewer columns than a vector: the tile row has room for whole vectors, the output has not.
    void StoreTail<V>(float* t, float* c, float* b, int columns, bool first, bool finish) where V : unmanaged, ISimd<V>
    {
        if (!first)
            for (int j = 0; j < columns; j++) t[j] = c[j] + t[j];
        if (b != null)
            for (int j = 0; j < columns; j++) t[j] += b[j];
        if (finish) Epilogues.Activate(V.Load(t), act).Store(t);
        int k = 0;
        if (Vector128.IsHardwareAccelerated)
            for (; k + 4 <= columns; k += 4) Vector128.Load(t + k).Store(c + k);
        for (; k < columns; k++) c[k] = t[k];
    }
}

static class Epilogues
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Activate<V>(V y, Activation act) where V : unmanaged, ISimd<V> => act.Kind switch
    {
        ActivationKind.LeakyRelu => new LeakyReluOp(act.Slope).Invoke(y),
        ActivationKind.Tanh => SimdMath.Tanh(y),
        _ => y,
    };
}
