using System.Runtime.InteropServices;
using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Conformance;

/// <summary>
/// Storages that end, or begin, at a page that may not be touched: a kernel that strays outside a block faults. The blocks are as small as
/// the pool may make them:
/// 64-byte aligned, with room for one 64-byte load at the last element. Linux only.
/// </summary>
sealed unsafe partial class GuardedMemory(bool atEnd, float padding) : IDisposable
{
    const int ReadWrite = 3, NoAccess = 0, PrivateAnonymous = 0x22;
    const long Page = 65536;

    readonly HostPool pool = new();
    readonly List<(nint Address, long Bytes)> regions = [];
    readonly List<HostStorage> storages = [];

    public static bool IsSupported => OperatingSystem.IsLinux();

    public Storage Rent(int count)
    {
        long block = (4L * count + 60 + 63) / 64 * 64;
        long pages = (block + Page - 1) / Page * Page, bytes = pages + 2 * Page;
        nint address = Map(0, bytes, ReadWrite, PrivateAnonymous, -1, 0);
        if (address == -1) throw new InvalidOperationException($"mmap of {bytes} bytes failed with error {Marshal.GetLastPInvokeError()}.");
        regions.Add((address, bytes));
        if (Protect(address, Page, NoAccess) != 0 || Protect(address + (nint)(Page + pages), Page, NoAccess) != 0)
            throw new InvalidOperationException($"mprotect failed with error {Marshal.GetLastPInvokeError()}.");
        float* begin = (float*)(address + (nint)(atEnd ? Page + pages - block : Page));
        new Span<float>(begin, (int)(block / 4)).Fill(padding);
        HostStorage s = new(pool, begin, count, block);
        // The pool must not get it back: it would hand it out.
        s.AddReference();
        storages.Add(s);
        return s;
    }

    /// <summary>Throws when the padding after some storage's elements is not as it was filled.</summary>
    public void CheckPadding()
    {
        int bits = BitConverter.SingleToInt32Bits(padding);
        foreach (HostStorage s in storages)
            for (int i = s.Count; i < s.BlockBytes / 4; i++)
                if (BitConverter.SingleToInt32Bits(s.Pointer[i]) != bits)
                    Assert.Fail($"element {i} of a storage of {s.Count} elements was written: it holds {s.Pointer[i]}.");
    }

    public void Dispose()
    {
        foreach ((nint address, long bytes) in regions) _ = Unmap(address, bytes);
        regions.Clear();
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, long bytes, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(nint address, long bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, long bytes);
}
