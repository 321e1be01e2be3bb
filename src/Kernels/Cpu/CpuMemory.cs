namespace Sagan.Native.Kernels;

/// <summary>Storages of the host as what kernels work on, and how they copy.</summary>
static unsafe class CpuMemory
{
    /// <summary>The first element.</summary>
    public static float* Pointer(this Storage s) => ((HostStorage)s).Pointer;

    /// <summary>y[i] = x[i].</summary>
    public static void Copy(float* x, float* y, int n) => Buffer.MemoryCopy(x, y, 4L * n, 4L * n);

    /// <summary>The same for runs that may be a few elements: a call to memmove costs 5 ns or so, a short run is copied in line.</summary>
    public static void CopyShort(float* x, float* y, int n)
    {
        if (n > 16) Copy(x, y, n);
        else
            for (int i = 0; i < n; i++) y[i] = x[i];
    }
}
