using System.Runtime.InteropServices;

namespace Sagan.Native.Tests.Sanitizer;

/// <summary>
/// What a thread waits for until it is its turn. On Linux a semaphore of the C library, which is one system call; .NET's events do the same
/// by way of locks of their own. Neither spins: 256 threads that do slow down the one whose turn it is.
/// </summary>
sealed unsafe class Turn
{
    // sizeof(sem_t) is 32 with glibc and musl on 64 bits.
    readonly void* semaphore;
    readonly AutoResetEvent? otherwise;

    public Turn()
    {
        if (OperatingSystem.IsLinux() && Environment.Is64BitProcess)
        {
            semaphore = NativeMemory.AllocZeroed(64);
            if (Init(semaphore, 0, 0) == 0) return;
        }
        otherwise = new AutoResetEvent(false);
    }

    public void Give()
    {
        if (otherwise != null) otherwise.Set();
        else _ = Post(semaphore);
    }

    public void Await()
    {
        if (otherwise != null) otherwise.WaitOne();
        // Not 0 when a signal came in between.
        else while (Wait(semaphore) != 0) { }
    }

    [DllImport("libc", EntryPoint = "sem_init"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Init(void* semaphore, int shared, uint value);

    [DllImport("libc", EntryPoint = "sem_post"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Post(void* semaphore);

    [DllImport("libc", EntryPoint = "sem_wait"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Wait(void* semaphore);
}
