#:project Lesson/Lesson.csproj
#:property PublishAot=false
// Lesson 10: the same kernel for a GPU. 30 minutes.
//
// Run it:      dotnet run -c Release lessons/10-gpu-kernel.cs
// Where it says  throw new Blank(...)  put code of yours and run it again, until all is right.
// When stuck:  lessons/solutions/10-gpu-kernel.cs
//
// A GPU runs thousands of threads that each do a little. ILGPU compiles a C# method for it; here it runs the same method on the processor,
// with the same threads, groups and barriers, so this lesson needs no GPU. docs/gpu.md follows one of the engine's own kernels. (The second
// line of the file is because programs of one file are made for ahead-of-time compilation; ILGPU makes code while it runs.)
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using Sagan.Native;
using Sagan.Native.Kernels;
using Sagan.Native.Lessons;
using View = ILGPU.Runtime.ArrayView2D<float, ILGPU.Stride2D.DenseY>;

Lesson.Begin("10. A kernel for a GPU");

// c = a b as in lesson 9. Buffers lie in the memory of the device; a View is a buffer as a kernel sees it, view[row, column]. DenseY says
// that the numbers of a row lie side by side, as in the engine.
const int M = 19, K = 11, N = 14;
RandomSource random = new(seed: 10);
Tensor a = Tensor.Randn(random, M, K), b = Tensor.Randn(random, K, N), right = a.MatMul(b);
using Context context = Context.Create(builder => builder.CPU());
using Accelerator device = context.CreateCPUAccelerator(0);
using var aBuffer = Upload(a.ToArray(), M, K);
using var bBuffer = Upload(b.ToArray(), K, N);
Lesson.Say($"on {device.Name}: groups of at most {device.MaxNumThreadsPerGroup} threads");

// 1 ---- A thread for each cell ---------------------------------------------------------------------------------------
// On a CPU there are loops over i and j. On a GPU there are none: M x N threads are started, and each is told which cell is its own. The
// kernel is Kernels.Naive below; fill it in there. at.X is its row, at.Y its column.
Lesson.Check("naive", c =>
{
    using var buffer = Upload(c, M, N);
    Action<Index2D, View, View, View> kernel = device.LoadAutoGroupedStreamKernel<Index2D, View, View, View>(Kernels.Naive);
    kernel(new Index2D(M, N), aBuffer.View, bBuffer.View, buffer.View);
    Download(buffer, c);
}, right, "Kernels.Naive, below: c[at.X, at.Y] = sum over k of a[at.X, k] b[k, at.Y]",
    ("the last k alone: the sum is overwritten, not added to", a[.., (K - 1)..].MatMul(b[(K - 1).., ..])));

// 2 ---- How many threads ---------------------------------------------------------------------------------------------
// Threads come in groups; a group shares a small fast memory, and its threads can wait for one another. Here a group is a tile of T x T
// cells, T = 4. The grid of groups must cover c, [19, 14], so it is rounded up: how many groups in all?
//
//     groups along an axis = (size + T - 1) / T, in whole numbers        14 -> (14 + 3) / 4 = 4
const int T = Kernels.T;
Lesson.Check("groups", () => throw new Blank("those along M times those along N"), 20,
    ("rounded down: the last rows and columns belong to no group", M / T * (N / T)));

// 3 ---- Shared memory ------------------------------------------------------------------------------------------------
// The naive kernel reads each a_ik N times from the slow memory, once for each column. A group can do better: its T x T threads load a tile
// of a and a tile of b into shared memory, one number each, and then all of them read from there. a and b are read T times less.
//
//     for each tile along k:
//         every thread loads one number of a and one of b (0 beyond the edge)
//         barrier: wait until all have loaded
//         every thread adds T products
//         barrier: wait until all have read, before the next tile overwrites it
//
// Threads beyond the edge of c load and wait like the others, and only do not store. A thread that leaves early would be waited for.
// The kernel is Kernels.Tiled below.
Lesson.Check("tiled", c =>
{
    using var buffer = Upload(c, M, N);
    Action<KernelConfig, View, View, View> kernel = device.LoadStreamKernel<View, View, View>(Kernels.Tiled);
    kernel(new KernelConfig(new Index2D((M + T - 1) / T, (N + T - 1) / T), new Index2D(T, T)), aBuffer.View, bBuffer.View, buffer.View);
    Download(buffer, c);
}, right, "Kernels.Tiled, below: two loads, a barrier, T products, a barrier; and the store",
    ("the last tile alone: sum begins at 0 once, before all tiles", a[.., (K - K % T)..].MatMul(b[(K - K % T).., ..])));
return Lesson.End();

MemoryBuffer2D<float, Stride2D.DenseY> Upload(float[] values, int rows, int columns)
{
    MemoryBuffer2D<float, Stride2D.DenseY> buffer = device.Allocate2DDenseY<float>(new Index2D(rows, columns));
    buffer.View.BaseView.CopyFromCPU(values);
    return buffer;
}

void Download(MemoryBuffer2D<float, Stride2D.DenseY> buffer, float[] values)
{
    device.Synchronize();
    buffer.View.BaseView.CopyToCPU(values);
}

static class Kernels
{
    // Threads of a group along each axis; also the numbers of k in a tile.
    public const int T = 4;

    public static void Naive(Index2D at, View a, View b, View c)
    {
        // Fill this in.
    }

    public static void Tiled(View a, View b, View c)
    {
        int row = Grid.IdxX * T + Group.IdxX, column = Grid.IdxY * T + Group.IdxY;
        View aTile = SharedMemory.Allocate2D<float, Stride2D.DenseY>(new Index2D(T, T), new Stride2D.DenseY(T));
        View bTile = SharedMemory.Allocate2D<float, Stride2D.DenseY>(new Index2D(T, T), new Stride2D.DenseY(T));
        int M = a.IntExtent.X, K = a.IntExtent.Y, N = b.IntExtent.Y;
        float sum = 0;
        for (int k0 = 0; k0 < K; k0 += T)
        {
            // This thread's number of each tile: a at [row, k0 + its column in the group], b at [k0 + its row in the group, column].
            int ak = k0 + Group.IdxY, bk = k0 + Group.IdxX;
            // Fill this in.
        }
        // Fill this in.
    }
}
