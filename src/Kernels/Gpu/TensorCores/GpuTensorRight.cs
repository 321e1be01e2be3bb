using System.Runtime.CompilerServices;
using ILGPU;

namespace Sagan.Native.Kernels;

// Shared memory of the right factor: two columns, 16 apart, share 128 bytes. A piece of 16 bytes is what a lane t gives two instructions:
//   words w w' of step 0 and of step 1 of one column.
// Column 32 m + 16 g0 + 4 (g >> 1) + j is column g of matrix j of warp column m, and lies in line 16 m + 4 (g >> 1) + j, in its second half
// if g is odd. Its pieces are swizzled: XORed with g >> 1. So a thread's sums of the four matrices are four neighbours in a row of the
// result.

/// <summary>A thread's share of bringing the right factor to shared memory.</summary>
struct GpuTensorRight<TPrecision, TLoader>(TLoader from) where TPrecision : struct, IGpuTensorPrecision where TLoader : struct, IGpuLoader
{
    const int ColumnsApart = 64;

    GpuTensorFetch<TPrecision, TLoader> fetch = new(from);
    // In units of 8 bytes.
    int place, step;

    /// <summary>Where the thread stores first, in units of 8 bytes.</summary>
    public readonly int Place => place;

    public void Seek(int entry, int column, int thread)
    {
        int n, piece, half;
        if (TLoader.AlongK)
        {
            // Four threads for two columns, 64 apart. TF32: 8 threads, four pieces, both halves of a line. BF16: 16 threads, also two g >>
            // 1.
            int c = thread & 3, q = thread >> 2;
            n = ((q & 1) << 4) | ((q & 2) << 1) | ((q >> 2) & 3) | ((q & 16) >> 1) | (q & 32);
            piece = TPrecision.Paired ? 2 * (c & 1) : c;
            half = TPrecision.Paired ? c >> 1 : 0;
            step = 4 * c;
        }
        else
        {
            // 32 threads for a k; 16 threads, all g and both steps.
            int u = GpuTensorFetch<TPrecision, TLoader>.Place(thread);
            n = GpuTensorFetch<TPrecision, TLoader>.Across(thread);
            piece = u & 3;
            half = u >> 2;
            step = TPrecision.Paired ? 2 * u : 4 * (u & 3) + 2 * (u >> 2);
        }
        fetch.Seek(entry, column + n, column + n + ColumnsApart);
        int line = 16 * (n >> 5) + (n & 15);
        place = 2 * (8 * line + 4 * ((n >> 4) & 1) + (piece ^ ((n >> 2) & 3))) + half;
    }

    /// <summary>The lane's piece of the first matrix of a warp column. Of the next matrix: + 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Fragment(int warpColumn, int lane)
    {
        int g = lane >> 2;
        return 128 * warpColumn + 32 * (g >> 1) + 4 * (g & 1) + ((lane & 3) ^ (g >> 1));
    }

    public void Load(int k) => fetch.Load(k + step, 16);

    /// <summary>To shared memory, rounded; the next time to the other stage of it.</summary>
    public void Store(ArrayView<GpuFloat4> shared)
    {
        GpuFloat4 a = fetch.V0, b = fetch.V1, c = fetch.V2, d = fetch.V3;
        const int next = 8 * ColumnsApart;
        if (TPrecision.Paired)
        {
            ArrayView<long> units = shared.Cast<long>();
            if (TLoader.AlongK)
            {
                GpuTensorCores.StoreBf16(units, place, a.X, a.Y, b.X, b.Y);
                GpuTensorCores.StoreBf16(units, place ^ 2, a.Z, a.W, b.Z, b.W);
                GpuTensorCores.StoreBf16(units, place + next, c.X, c.Y, d.X, d.Y);
                GpuTensorCores.StoreBf16(units, (place ^ 2) + next, c.Z, c.W, d.Z, d.W);
            }
            else
            {
                GpuTensorCores.StoreBf16(units, place, a.X, b.X, c.X, d.X);
                GpuTensorCores.StoreBf16(units, place + 16, a.Y, b.Y, c.Y, d.Y);
                GpuTensorCores.StoreBf16(units, place + 32, a.Z, b.Z, c.Z, d.Z);
                GpuTensorCores.StoreBf16(units, place + 48, a.W, b.W, c.W, d.W);
            }
        }
        else if (TLoader.AlongK)
        {
            int piece = place >> 1;
            shared[piece] = GpuTf32.Round(a.X, a.Y, a.Z, a.W);
            shared[piece + next / 2] = GpuTf32.Round(c.X, c.Y, c.Z, c.W);
        }
        else
        {
            ArrayView<GpuFloat2> units = shared.Cast<GpuFloat2>();
            units[place] = new GpuFloat2(GpuTf32.Round(a.X), GpuTf32.Round(b.X));
            units[place + 16] = new GpuFloat2(GpuTf32.Round(a.Y), GpuTf32.Round(b.Y));
            units[place + 32] = new GpuFloat2(GpuTf32.Round(a.Z), GpuTf32.Round(b.Z));
            units[place + 48] = new GpuFloat2(GpuTf32.Round(a.W), GpuTf32.Round(b.W));
        }
        place ^= 2 * GpuTensorTile.Stage;
    }
}

/// <summary>Two neighbours, 8 bytes.</summary>
struct GpuFloat2(float x, float y)
{
    public float X = x, Y = y;
}
