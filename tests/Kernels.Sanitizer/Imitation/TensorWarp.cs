namespace Sagan.Native.Tests.Sanitizer;

/// <summary>
/// An mma of a lane that its warp has not executed: its part of A, and of four B, of which this takes two words from Offset on.
/// </summary>
sealed record TensorInstruction(bool Paired, uint[] Left, uint[] Right, int Offset);

/// <summary>The registers of a lane that only tensor cores see.</summary>
sealed class TensorLane
{
    /// <summary>Four blocks, in each the four sums of four C.</summary>
    public float[,] Sums { get; } = new float[4, 16];

    public Queue<TensorInstruction> Pending { get; } = new();

    public uint[] Right { get; set; } = new uint[16];

    /// <summary>How often the ring was turned, and how many instructions were executed.</summary>
    public int Turns { get; set; }

    public int Executed { get; set; }

    public void Clear()
    {
        if (Turns > 0) throw new KernelException("the registers of tensor cores are declared twice");
    }
}

/// <summary>32 threads that execute an mma together.</summary>
sealed class TensorWarp
{
    const int Lanes = 32;

    readonly TensorLane[] lanes = [.. Enumerable.Range(0, Lanes).Select(_ => new TensorLane())];

    public TensorLane this[int thread] => lanes[thread & (Lanes - 1)];

    /// <summary>Executes what all lanes have come to.</summary>
    public void Execute()
    {
        while (lanes.All(l => l.Pending.Count > 0))
        {
            TensorInstruction[] mma = [.. lanes.Select(l => l.Pending.Dequeue())];
            if (mma.Any(m => m.Paired != mma[0].Paired || m.Offset != mma[0].Offset))
                throw new KernelException("the lanes of a warp execute different instructions");
            // Two for each turn of the ring.
            int block = lanes[0].Executed / 2 % 4;
            for (int j = 0; j < 4; j++) Multiply(mma, block, j);
            foreach (TensorLane l in lanes) l.Executed++;
        }
    }

    // C [16,8] += A [16,k] B [k,8], k = 8, or 16 where words are pairs.
    void Multiply(TensorInstruction[] mma, int block, int j)
    {
        bool paired = mma[0].Paired;
        int depth = paired ? 16 : 8;
        float[,] a = new float[16, depth], b = new float[depth, 8];
        for (int lane = 0; lane < Lanes; lane++)
        {
            int g = lane >> 2, t = lane & 3;
            for (int i = 0; i < 4; i++) Set(a, g + 8 * (i & 1), t, i >> 1, mma[lane].Left[i], false);
            for (int i = 0; i < 2; i++) Set(b, g, t, i, mma[lane].Right[4 * j + mma[lane].Offset + i], true);
        }
        for (int lane = 0; lane < Lanes; lane++)
            for (int e = 0; e < 4; e++)
            {
                int row = (lane >> 2) + 8 * (e >> 1), column = 2 * (lane & 3) + (e & 1);
                float sum = lanes[lane].Sums[block, 4 * j + e];
                for (int k = 0; k < depth; k++) sum += a[row, k] * b[k, column];
                lanes[lane].Sums[block, 4 * j + e] = sum;
            }

        // Word number i of a lane: of A in row outer, of B in column outer.
        void Set(float[,] matrix, int outer, int t, int i, uint word, bool transposed)
        {
            if (!paired)
            {
                float x = BitConverter.UInt32BitsToSingle(word);
                // PTX leaves open what an mma makes of the bits behind TF32's.
                if ((word & 0x1FFF) != 0 && !float.IsNaN(x)) throw new KernelException($"{x:R} is not rounded to TF32");
                Put(t + 4 * i, x);
                return;
            }
            Put(2 * t + 8 * i, BitConverter.UInt32BitsToSingle(word << 16));
            Put(2 * t + 8 * i + 1, BitConverter.UInt32BitsToSingle(word & 0xFFFF0000));

            void Put(int k, float x)
            {
                if (transposed) matrix[k, outer] = x;
                else matrix[outer, k] = x;
            }
        }
    }
}
