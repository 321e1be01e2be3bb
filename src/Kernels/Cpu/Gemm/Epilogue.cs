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
/// What happens to a finished register tile: c = act(scale tile + bias). When K is cut into several blocks the first one stores, the later
/// ones add to what is stored, and scale, bias and activation wait for the last. Scale and bias are one multiply-add, so a scale of 1
/// changes no bit.
/// </summary>
readonly unsafe struct Epilogue<TRows>(TRows rows, float* bias, Activation act, float scale = 1) where TRows : unmanaged, IOutputRows
{
    public readonly TRows Rows = rows;
    readonly float* bias = bias;
    readonly Activation act = act;
    readonly float scale = scale;

    /// <summary>Stores a tile, which has a pitch of two vectors, into columns column .. column+columns-1 of some rows.</summary>
    public void Store<V>(float* t, float** rows, int height, int column, int columns, bool first, bool last) where V : unmanaged, ISimd<V>
    {
        bool finish = last && (bias != null || scale != 1 || act.Kind != ActivationKind.None);
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
                if (finish) y = Finish(y, b == null ? null : b + j);
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
        if (finish) Finish(V.Load(t), b).Store(t);
        int k = 0;
        if (Vector128.IsHardwareAccelerated)
            for (; k + 4 <= columns; k += 4) Vector128.Load(t + k).Store(c + k);
        for (; k < columns; k++) c[k] = t[k];
    }

    // Past the last bias the load finds the padding that every block of memory has.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    V Finish<V>(V y, float* b) where V : unmanaged, ISimd<V>
    {
        V s = V.Create(scale);
        return Epilogues.Activate(b == null ? y * s : V.MultiplyAdd(y, s, V.Load(b)), act);
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
