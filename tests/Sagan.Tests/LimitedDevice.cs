using Sagan.Native.Kernels;

namespace Sagan.Native.Tests;

/// <summary>The processor, with so little memory that it can be used up.</summary>
static class LimitedDevice
{
    public static Device Create(long bytes)
    {
        return new("limited", new LimitedPool(new HostPool(), bytes), Device.Cpu.Backend);
    }

    sealed class LimitedPool(Pool pool, long bytes) : Pool
    {
        public override int LiveCount => pool.LiveCount;

        public override long LiveBytes => pool.LiveBytes;

        public override long PeakLiveBytes => pool.PeakLiveBytes;

        public override long ReservedBytes => pool.ReservedBytes;

        internal override Storage Rent(int count) => pool.LiveBytes + sizeof(float) * count <= bytes ? pool.Rent(count)
            : throw new DeviceMemoryException($"out of device memory: {count >> 18} MB of {bytes >> 20} MB.");

        public override void Trim() => pool.Trim();

        public override void ResetPeak() => pool.ResetPeak();

        internal override void Return(Storage storage) => pool.Return(storage);
    }
}
