using ILGPU;

namespace Sagan.Native.Kernels;

// Thread t makes block t of Philox4x32-10 and with it elements 4t .. 4t+3, one store of 16 bytes; the last thread stores what is left one
// by one.
//   uniform  (top 24 bits) 2^-24: the CPU's bits
//   normal   Box-Muller on lanes (0, 1) and (2, 3), see the CPU's kernel, through SimdMath: not the device's own sine and logarithm
// 20 multiplications of 32 to 64 bits a block; about 30 flops a normal number. 4 bytes written an element.

readonly struct GpuRandomKernel<TDraw>(ArrayView<float> y, int n, PhiloxKey key) : IGpuKernel where TDraw : struct, IDraw
{
    public void Run()
    {
        int t = GpuThread.Index;
        if (t > n >> 2) return;
        // Element numbers have 64 bits, so blocks are counted in 62.
        ulong block = ((key.Offset >> 2) + (ulong)t) & (ulong.MaxValue >> 2);
        (uint c0, uint c1, uint c2, uint c3) = Philox.Block(key, block);
        float a = TDraw.Even(Top24(c0), Top24(c1), out GpuLane b).Value, c = TDraw.Even(Top24(c2), Top24(c3), out GpuLane d).Value;
        if (t < n >> 2)
        {
            y.Cast<GpuFloat4>()[t] = new GpuFloat4(a, b.Value, c, d.Value);
            return;
        }
        int i = 4 * t;
        if (i < n) y[i] = a;
        if (i + 1 < n) y[i + 1] = b.Value;
        if (i + 2 < n) y[i + 2] = c;
    }

    // Below 2^24, so exact, and by way of an int, which every device converts with one instruction.
    static GpuLane Top24(uint word) => new((int)(word >> 8));
}
