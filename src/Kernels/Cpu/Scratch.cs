using System.Runtime.InteropServices;

namespace Sagan.Native.Kernels;

/// <summary>
/// Temporary memory of a kernel: one 64-byte aligned, grow-only block per thread and slot. The content is undefined, and a block is valid until the same
/// thread asks for the same slot again, so a kernel that calls another must use other slots than it.
/// </summary>
static unsafe class Scratch
{
    const int Slots = 16;
    [ThreadStatic] static Blocks? blocks;

    sealed class Blocks
    {
        public readonly nint[] Pointers = new nint[Slots];
        public readonly long[] Sizes = new long[Slots];

        ~Blocks()
        {
            foreach (nint p in Pointers) NativeMemory.AlignedFree((void*)p);
        }
    }

    /// <summary>At least <paramref name="count"/> floats for this thread.</summary>
    public static float* Floats(int slot, long count)
    {
        Blocks b = blocks ??= new Blocks();
        long bytes = 4 * count + 64;
        if (b.Sizes[slot] < bytes)
        {
            NativeMemory.AlignedFree((void*)b.Pointers[slot]);
            b.Sizes[slot] = 0;
            b.Pointers[slot] = 0;
            b.Pointers[slot] = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            b.Sizes[slot] = bytes;
        }
        return (float*)b.Pointers[slot];
    }
}
