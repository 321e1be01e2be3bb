using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

[Quick]
public sealed unsafe class PoolTests
{
    [Fact]
    public void CountsWhatIsLive()
    {
        HostPool pool = new();
        Assert.Equal((0, 0, 0, 0), (pool.LiveCount, pool.LiveBytes, pool.PeakLiveBytes, pool.ReservedBytes));
        Storage a = pool.Rent(1000), b = pool.Rent(10);
        long bytes = pool.LiveBytes;
        Assert.Equal(2, pool.LiveCount);
        Assert.InRange(bytes, 4040, 8192);
        Assert.Equal((bytes, bytes), (pool.PeakLiveBytes, pool.ReservedBytes));
        a.Release();
        Assert.Equal(1, pool.LiveCount);
        Assert.True(pool.LiveBytes < bytes);
        Assert.Equal((bytes, bytes), (pool.PeakLiveBytes, pool.ReservedBytes));
        pool.ResetPeak();
        Assert.Equal(pool.LiveBytes, pool.PeakLiveBytes);
        b.Release();
        Assert.Equal((0, 0L), (pool.LiveCount, pool.LiveBytes));
        pool.Trim();
        Assert.Equal(0, pool.ReservedBytes);
    }

    [Fact]
    public void ReusesBlocks()
    {
        HostPool pool = new();
        HashSet<nint> seen = [];
        for (int i = 0; i < 100; i++)
        {
            HostStorage s = (HostStorage)pool.Rent(100_000 + i);
            seen.Add((nint)s.Pointer);
            s.Release();
        }
        // Sizes that are nearly alike share a block size.
        Assert.Single(seen);
        Assert.Equal(HostPool.BlockSize(100_000), pool.ReservedBytes);
    }

    [Fact]
    public void BlocksAreAlignedAndPadded()
    {
        HostPool pool = new();
        foreach (int n in (int[])[0, 1, 15, 16, 17, 1000, 65_536, 1_000_003])
        {
            HostStorage s = (HostStorage)pool.Rent(n);
            Assert.Equal(0, (nint)s.Pointer % 64);
            Assert.Equal(n, s.Count);
            Assert.True(s.BlockBytes >= 4L * n + 60);
            Assert.True(s.BlockBytes <= Math.Max(128, 1.125 * (4L * n + 64) + 64));
            s.Release();
        }
        Assert.True(HostPool.BlockSize(int.MaxValue) >= 4L * int.MaxValue + 60);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(-1));
    }

    [Fact]
    public void ReleasingTooOftenIsAnErrorAndHarmless()
    {
        HostPool pool = new();
        Storage s = pool.Rent(10);
        s.AddReference();
        s.Release();
        Assert.True(s.IsAlive);
        s.Release();
        Assert.False(s.IsAlive);
        for (int i = 0; i < 3; i++)
        {
            Assert.Throws<ObjectDisposedException>(s.Release);
            // Once, a failed AddReference brought the storage back to life, and the next Release gave its block to the pool a second time.
            Assert.Throws<ObjectDisposedException>(s.AddReference);
            Assert.False(s.IsAlive);
        }
        Assert.Equal(0, pool.LiveCount);
        Assert.NotEqual((nint)((HostStorage)pool.Rent(10)).Pointer, (nint)((HostStorage)pool.Rent(10)).Pointer);
    }

    [Fact]
    public void AnyThreadMayRentAndRelease()
    {
        HostPool pool = new();
        Parallel.For(0, 8, t =>
        {
            for (int i = 0; i < 2000; i++)
            {
                HostStorage s = (HostStorage)pool.Rent(1 + (i * 37 + t) % 500);
                s.Span.Fill(t);
                s.AddReference();
                s.Release();
                Assert.True(s.Span.IndexOfAnyExcept(t) < 0);
                s.Release();
            }
        });
        Assert.Equal((0, 0L), (pool.LiveCount, pool.LiveBytes));
        pool.Trim();
        Assert.Equal(0, pool.ReservedBytes);
    }

    [Fact]
    public void CopiesFloatsAndIndices()
    {
        HostPool pool = new();
        Storage s = pool.Rent(3);
        s.CopyFrom([1f, 2, 3]);
        float[] f = new float[3];
        s.CopyTo(f);
        Assert.Equal([1f, 2, 3], f);
        s.CopyFrom([7, -8, 9]);
        int[] i = new int[3];
        s.CopyTo(i);
        Assert.Equal([7, -8, 9], i);
        int version = s.Version;
        s.BumpVersion();
        Assert.Equal(version + 1, s.Version);
        s.Release();
    }
}
