using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

// Shared memory of the left factor: two neighbouring rows share 128 bytes, all banks once. A piece of 16 bytes is what a lane gives one
// instruction:
//   words (row, w) (row+1, w) (row, w') (row+1, w'),   w and w' the words that a lane t has in step s, piece t + 4 s of the rows.
// Row 64 m + 32 i1 + 4 g + 2 i0 + p is row g + 8 p of matrix i of warp row m, and lies in line 32 m + 8 i + g. Its pieces are swizzled:
// XORed with a number made of g, so that what is read or stored at once lies in different banks. Reading, 8 lanes: two g, whose numbers
// differ by 4, and four t.
// Storing: see Seek.

/// <summary>A thread's share of bringing the left factor to shared memory.</summary>
struct GpuTensorLeft<TPrecision, TLoader>(TLoader from) where TPrecision : struct, IGpuTensorPrecision where TLoader : struct, IGpuLoader
{
    GpuTensorFetch<TPrecision, TLoader> fetch = new(from);
    // In units of 8 bytes.
    int place, step;

    /// <summary>Where the thread stores first, in units of 8 bytes.</summary>
    public readonly int Place => place;

    public void Seek(int entry, int row, int thread)
    {
        int r, piece, half = 0;
        if (TLoader.AlongK)
        {
            // Four threads for two rows. TF32: 16 bytes each, in the order of t; 8 threads: two g, four t. BF16: 32 bytes each; 16 threads:
            // four g, both steps, both halves of a piece.
            int c = thread & 3, q = thread >> 2;
            r = ((q & 7) << 2) | ((q & 8) >> 2) | ((q & 48) << 1);
            piece = TPrecision.Paired ? 4 * (c & 1) : c;
            if (TPrecision.Paired) half = c >> 1;
            step = (TPrecision.Paired ? 8 : 4) * c;
        }
        else
        {
            // 32 threads for a k. TF32: 8 threads, all g. BF16: 16 threads, all g and both halves.
            int u = GpuTensorFetch<TPrecision, TLoader>.Place(thread);
            r = GpuTensorFetch<TPrecision, TLoader>.Across(thread);
            piece = TPrecision.Paired ? 2 * (u & 1) + 2 * (u & 2) : u;
            if (TPrecision.Paired) half = u >> 2;
            step = TPrecision.Paired ? 4 * u : 4 * (u & 3) + 2 * (u >> 2);
        }
        fetch.Seek(entry, row + r, row + r + 1);
        int g = (r >> 2) & 7, line = 32 * (r >> 6) + 16 * ((r >> 5) & 1) + 8 * ((r >> 1) & 1) + g;
        place = 2 * (8 * line + (piece ^ Swizzle(g))) + half;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Swizzle(int g) => ((g & 1) * 5) ^ (g & 2) ^ (g >> 2);

    /// <summary>
    /// The lane's piece of step 0 of the first matrix of a warp row, in pieces. Of step 1: XOR 4; of the next matrix: + 64.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Fragment(int warpRow, int lane)
    {
        int g = lane >> 2;
        return 256 * warpRow + 8 * g + ((lane & 3) ^ Swizzle(g));
    }

    public void Load(int k) => fetch.Load(k + step, TLoader.AlongK ? 4 : 2);

    /// <summary>To shared memory, rounded; the next time to the other stage of it.</summary>
    public void Store(ArrayView<GpuFloat4> shared)
    {
        GpuFloat4 a = fetch.V0, b = fetch.V1, c = fetch.V2, d = fetch.V3;
        // Rows 2 and 3 of four lie in the lines of the next matrix.
        const int next = 128;
        if (TPrecision.Paired)
        {
            ArrayView<long> units = shared.Cast<long>();
            if (TLoader.AlongK)
            {
                GpuTensorCores.StoreBf16(units, place, a.X, a.Y, c.X, c.Y);
                GpuTensorCores.StoreBf16(units, place ^ 2, a.Z, a.W, c.Z, c.W);
                GpuTensorCores.StoreBf16(units, place ^ 4, b.X, b.Y, d.X, d.Y);
                GpuTensorCores.StoreBf16(units, place ^ 6, b.Z, b.W, d.Z, d.W);
            }
            else
            {
                GpuTensorCores.StoreBf16(units, place, a.X, b.X, a.Y, b.Y);
                GpuTensorCores.StoreBf16(units, place ^ 2, c.X, d.X, c.Y, d.Y);
                GpuTensorCores.StoreBf16(units, place + next, a.Z, b.Z, a.W, b.W);
                GpuTensorCores.StoreBf16(units, (place ^ 2) + next, c.Z, d.Z, c.W, d.W);
            }
        }
        else
        {
            int piece = place >> 1;
            if (TLoader.AlongK)
            {
                shared[piece] = GpuTf32.Round(a.X, c.X, a.Y, c.Y);
                shared[piece ^ 4] = GpuTf32.Round(a.Z, c.Z, a.W, c.W);
            }
            else
            {
                shared[piece] = GpuTf32.Round(a.X, a.Y, b.X, b.Y);
                shared[piece + next / 2] = GpuTf32.Round(a.Z, a.W, b.Z, b.W);
            }
        }
        place ^= 2 * GpuTensorTile.Stage;
    }
}
