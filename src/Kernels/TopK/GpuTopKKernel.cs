using ILGPU;

namespace Sagan.Native.Kernels;

// y[r,c] = 1 where x[r,c] is one of the k largest of its row (of equal ones the leftmost), else 0; 1 for a NaN.
//
// Radix select, one bit at a time: floats become integers of the same order (Key), and the k-th largest of a row is found from its highest
// bit down: a bit is 1 where at least k entries are no smaller than the bits found so far with it. Then what is above that number is kept,
// and of the entries equal to it as many, from the left, as there is room for.
// Which thread does what: `lanes` neighbouring threads share a row, 256 / lanes rows a thread block. Counting, a thread has every lanes-th
// column, at last a run of neighbouring columns, so that it knows how many equal entries lie to the left of its own.
// Work: 34 readings of a row, all but the first from the cache, in place of a comparison of each entry with every other. Counts are
// integers: exact.

readonly struct GpuTopKKernel(ArrayView<float> x, ArrayView<float> y, int rows, int columns, int k, int lanes) : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<int> shared = SharedMemory.Allocate<int>(GpuQueue.Threads);
        int t = Group.IdxX, lane = t & (lanes - 1), row = (int)(((uint)Grid.IdxX * GpuQueue.Threads + (uint)t) / (uint)lanes);
        // Threads past the last row have no columns.
        int begin = row * columns, count = row < rows ? columns : 0;

        uint kth = 0;
        for (int bit = 31; bit >= 0; bit--)
        {
            uint candidate = kth | (1u << bit);
            int notBelow = 0;
            for (int c = lane; c < count; c += lanes)
                if (Key(x[begin + c]) >= candidate) notBelow++;
            if (GpuTreeReduce.Sum(shared, lanes, notBelow) >= k) kth = candidate;
        }

        int run = (int)(((uint)columns + (uint)lanes - 1) / (uint)lanes), first = lane * run, end = count - first < run ? count : first +
            run;
        int above = 0, equal = 0;
        for (int c = first; c < end; c++)
        {
            uint key = Key(x[begin + c]);
            if (key > kth) above++;
            if (key == kth) equal++;
        }
        int room = k - GpuTreeReduce.Sum(shared, lanes, above);
        Group.Barrier();
        shared[t] = equal;
        Group.Barrier();
        for (int i = t - lane; i < t; i++) room -= shared[i];
        for (int c = first; c < end; c++)
        {
            uint key = Key(x[begin + c]);
            bool isKept = key > kth || key == NaN;
            if (key == kth)
            {
                if (room > 0) isKept = true;
                room--;
            }
            y[begin + c] = isKept ? 1f : 0f;
        }
    }

    // Below every number, so that it is never counted as larger than one.
    const uint NaN = 0;

    // Larger for larger v; 0 and -0 are one.
    static uint Key(float v)
    {
        uint bits = Interop.FloatAsInt(v), key = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
        if (v == 0) key = 0x80000000u;
        return float.IsNaN(v) ? NaN : key;
    }
}
