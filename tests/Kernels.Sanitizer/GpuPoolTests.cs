using Sagan.Native.Kernels;

namespace Sagan.Native.Tests.Sanitizer;

public sealed class GpuPoolTests
{
    const long Block = 64L << 20;

    [Fact]
    public void Pieces_come_from_large_blocks_and_are_used_again()
    {
        Pool pool = SanitizerQueue.Device(prefersSmallTiles: false, 4 * Block).Pool;
        GpuStorage a = (GpuStorage)pool.Rent(1000), b = (GpuStorage)pool.Rent(1000);
        Assert.Same(a.Segment, b.Segment);
        Assert.NotEqual(a.Offset, b.Offset);
        Assert.Equal(Block, pool.ReservedBytes);
        a.Release();
        Assert.Same(a, pool.Rent(990));
        Assert.Equal(2, pool.LiveCount);
    }

    [Fact]
    public void Trim_gives_back_blocks_of_which_nothing_is_in_use()
    {
        Pool pool = SanitizerQueue.Device(prefersSmallTiles: false, 4 * Block).Pool;
        Storage small = pool.Rent(10), large = pool.Rent(20_000_000);
        long reserved = pool.ReservedBytes;
        large.Release();
        pool.Trim();
        Assert.Equal(Block, pool.ReservedBytes);
        Assert.True(reserved > 2 * Block);
        small.Release();
        pool.Trim();
        Assert.Equal(0, pool.ReservedBytes);
        pool.Rent(10).CopyFrom([1f]);
    }

    [Fact]
    public void Memory_that_lies_free_is_given_back_before_giving_up()
    {
        Pool pool = SanitizerQueue.Device(prefersSmallTiles: false, 3 * Block).Pool;
        pool.Rent(30_000_000).Release();
        Storage s = pool.Rent(40_000_000);
        Assert.Equal(40_000_000, s.Count);
    }

    [Fact]
    public void Out_of_memory_tells_what_is_needed_in_use_and_would_fit()
    {
        Pool pool = SanitizerQueue.Device(prefersSmallTiles: false, 3 * Block).Pool;
        pool.Rent(30_000_000);
        DeviceMemoryException e = Assert.Throws<DeviceMemoryException>(() => pool.Rent(30_000_000));
        Assert.Matches(
            @"^out of device memory: a tensor needs 1\d\d MB, 1\d\d MB are in use and 1\d\d MB are held of the device's 192 MB; " +
            @"a batch of about \d\d % of this one would fit\.$", e.Message);
        // The device goes on working.
        pool.Rent(1000).Release();
    }

    [Fact]
    public void The_range_of_indices_from_the_host_is_known()
    {
        GpuStorage s = (GpuStorage)SanitizerQueue.Device(prefersSmallTiles: false, Block).Pool.Rent(4);
        Assert.Null(s.IndexRange);
        s.CopyFrom([3, -1, 7, 0]);
        Assert.Equal((-1, 7), s.IndexRange);
        s.CopyFrom([1f, 2f]);
        Assert.Null(s.IndexRange);
    }
}
