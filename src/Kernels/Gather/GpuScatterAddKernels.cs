using ILGPU;

namespace Sagan.Native.Kernels;

// x = 0;  x[index[i], :] += y[i, :] for i ascending        x [rows, width], y [count, width]
//
// Every sum has one owner, who adds in ascending order: no atomics, the CPU's bits.
//   A thread block owns a tile of x, tileRows x 2^k columns of at most 2048 elements in shared memory, and in it thread t the elements of
//   column t mod 2^k in rows t / 2^k, t / 2^k + 256 / 2^k, ...: nobody else touches them, so they need no barrier.
//   All thread blocks look at all indices, 256 at a time (a chunk), but a first kernel has found the least and largest index of each chunk:
//   a chunk that does not meet the tile's rows is left out. Pooling's indices lie close together, so there a thread block looks at few
//   chunks; for indices at random it looks at all of them, and has to find the few that are its own: 16 flags, one for each 16 indices of
//   the chunk, say where to look.
// 8 bytes an element of y and of x, and rows / tileRows comparisons of each chunk.

/// <summary>range[2 chunk] = least, range[2 chunk + 1] = largest index of the chunk. One thread block a chunk.</summary>
readonly struct GpuIndexRangeKernel(ArrayView<int> index, ArrayView<int> range, int count) : IGpuBlockKernel
{
    public void Run()
    {
        ArrayView<int> least = SharedMemory.Allocate<int>(GpuQueue.Threads), largest = SharedMemory.Allocate<int>(GpuQueue.Threads);
        int t = Group.IdxX, begin = Grid.IdxX * GpuQueue.Threads;
        // Threads past the last index repeat the chunk's first one.
        int value = index[begin + t < count ? begin + t : begin];
        least[t] = value;
        largest[t] = value;
        for (int half = GpuQueue.Threads / 2; half > 0; half >>= 1)
        {
            Group.Barrier();
            if (t < half)
            {
                if (least[t + half] < least[t]) least[t] = least[t + half];
                if (largest[t + half] > largest[t]) largest[t] = largest[t + half];
            }
        }
        if (t > 0) return;
        range[2 * Grid.IdxX] = least[0];
        range[2 * Grid.IdxX + 1] = largest[0];
    }
}

/// <summary>
/// One tile of x: rows from Grid.IdxX tileRows, columns from Grid.IdxY tileWidth. tileWidth is a power of two, at most 256.
/// </summary>
readonly struct GpuScatterAddKernel(ArrayView<float> y, ArrayView<int> index, ArrayView<int> range, ArrayView<float> x, int rows, int count,
    int width, int tileRows, int tileWidth) : IGpuBlockKernel
{
    /// <summary>Elements of a tile.</summary>
    public const int TileElements = 2048;

    const int FlagIndices = 16, Flags = GpuQueue.Threads / FlagIndices;

    public void Run()
    {
        ArrayView<float> tile = SharedMemory.Allocate<float>(TileElements);
        ArrayView<int> meets = SharedMemory.Allocate<int>(GpuQueue.Threads), chunk = SharedMemory.Allocate<int>(GpuQueue.Threads);
        ArrayView<int> flags = SharedMemory.Allocate<int>(Flags);
        int t = Group.IdxX, lane = t & (tileWidth - 1), first = (int)((uint)t / (uint)tileWidth),
            step = (int)((uint)GpuQueue.Threads / (uint)tileWidth);
        int row0 = Grid.IdxX * tileRows, rowEnd = rows - row0 < tileRows ? rows : row0 + tileRows, column = Grid.IdxY * tileWidth + lane;
        int chunks = (int)(((uint)count + GpuQueue.Threads - 1) / GpuQueue.Threads);
        for (int r = first; r < tileRows; r += step) tile[r * tileWidth + lane] = 0;

        for (int chunk0 = 0; chunk0 < chunks; chunk0 += GpuQueue.Threads)
        {
            int own = chunk0 + t, batch = chunks - chunk0 < GpuQueue.Threads ? chunks - chunk0 : GpuQueue.Threads;
            Group.Barrier();
            if (own < chunks) meets[t] = range[2 * own] < rowEnd && range[2 * own + 1] >= row0 ? 1 : 0;
            Group.Barrier();
            for (int k = 0; k < batch; k++)
            {
                // The same for all threads of the thread block.
                if (meets[k] == 0) continue;
                int begin = (chunk0 + k) * GpuQueue.Threads, row = begin + t < count ? index[begin + t] : -1;
                Group.Barrier();
                chunk[t] = row;
                if (t < Flags) flags[t] = 0;
                Group.Barrier();
                // Several threads may store the same 1.
                if (row >= row0 && row < rowEnd) flags[t >> 4] = 1;
                Group.Barrier();
                for (int f = 0; f < Flags; f++)
                    if (flags[f] != 0)
                        for (int i = FlagIndices * f; i < FlagIndices * f + FlagIndices; i++)
                        {
                            int r = chunk[i] - row0;
                            if (r < 0 || chunk[i] >= rowEnd || (r & (step - 1)) != first || column >= width) continue;
                            tile[r * tileWidth + lane] = tile[r * tileWidth + lane] + y[(begin + i) * width + column];
                        }
            }
        }
        if (column >= width) return;
        for (int r = first; r < rowEnd - row0; r += step) x[(row0 + r) * width + column] = tile[r * tileWidth + lane];
    }
}
