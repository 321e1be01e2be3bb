using System.Runtime.CompilerServices;

namespace Sagan.Native.Kernels;

/// <summary>Where the rows of a product go.</summary>
unsafe interface IOutputRows
{
    /// <summary>The address of column 0 of row r.</summary>
    float* Row(int r);
}

/// <summary>Row r at C + r Ld.</summary>
readonly unsafe struct MatrixRows(float* c, long ld) : IOutputRows
{
    readonly float* c = c;
    readonly long ld = ld;

    public float* Row(int r) => c + r * ld;
}

/// <summary>
/// What happens to a finished register tile: c = act(tile + bias), c being the rows of <typeparamref name="TRows"/>. When K is cut into several blocks the first one
/// stores, the later ones add to what is stored, and bias and activation wait for the last.
/// </summary>
unsafe struct Epilogue<TRows>(TRows rows, float* bias, Activation act) where TRows : unmanaged, IOutputRows
{
    public TRows Rows = rows;
    public float* Bias = bias;
    public Activation Act = act;

    /// <summary>Stores rows x columns of a tile with a pitch of two vectors at (row, column) of the output.</summary>
    public readonly void Store<V>(float* t, int row, int rows, int column, int columns, bool first, bool last) where V : unmanaged, ISimd<V>
    {
        int pitch = 2 * V.Count;
        // The common case by itself: two whole vectors a row and nothing to do but store.
        if (columns == pitch && first && (!last || (Bias == null && Act.Kind == ActivationKind.None)))
        {
            for (int i = 0; i < rows; i++, t += pitch)
            {
                float* c = Rows.Row(row + i) + column;
                V.Load(t).Store(c);
                V.Load(t + V.Count).Store(c + V.Count);
            }
            return;
        }
        float* bias = last && Bias != null ? Bias + column : null;
        for (int i = 0; i < rows; i++, t += pitch)
        {
            float* c = Rows.Row(row + i) + column;
            int j = 0;
            for (; j + V.Count <= columns; j += V.Count) Finish(V.Load(t + j), c + j, bias + j, first, last).Store(c + j);
            if (j < columns) StoreTail<V>(t + j, c + j, bias + j, columns - j, first, last);
        }
    }

    // Fewer columns than a vector: the tile row has room for whole vectors, the output has not.
    readonly void StoreTail<V>(float* t, float* c, float* bias, int columns, bool first, bool last) where V : unmanaged, ISimd<V>
    {
        float* oldC = stackalloc float[V.Count];
        float* ownBias = stackalloc float[V.Count];
        bool useBias = last && Bias != null;
        for (int j = 0; j < V.Count; j++)
        {
            oldC[j] = j < columns && !first ? c[j] : 0;
            ownBias[j] = j < columns && useBias ? bias[j] : 0;
        }
        Finish(V.Load(t), oldC, ownBias, first, last).Store(oldC);
        for (int j = 0; j < columns; j++) c[j] = oldC[j];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    readonly V Finish<V>(V y, float* c, float* bias, bool first, bool last) where V : unmanaged, ISimd<V>
    {
        if (!first) y = V.Load(c) + y;
        if (!last) return y;
        if (Bias != null) y += V.Load(bias);
        return Act.Kind switch
        {
            ActivationKind.LeakyRelu => new LeakyReluOp(Act.Slope).Invoke(y),
            ActivationKind.Tanh => SimdMath.Tanh(y),
            _ => y,
        };
    }
}
