using Sagan.Native.Kernels;

namespace Sagan.Native.Training;

/// <summary>What belongs to the process and to a device, and is set when a run is opened.</summary>
static class RunDevice
{
    /// <summary>Threads, where a number is given, the precision of the device's products, and how it does convolutions.</summary>
    public static void Prepare(TrainingConfig training, Action<string> warn)
    {
        SetThreads(training.Threads);
        SetPrecision(training.Device, training.MatMulPrecision, warn);
        Device.Parse(training.Device).Convolution = training.Convolution;
    }

    /// <summary>Threads of the CPU; 0 leaves them as they are.</summary>
    public static void SetThreads(int count)
    {
        if (count > 0) WorkerPool.Threads = count;
    }

    /// <summary>Tells a device how exactly to multiply, and the user if it cannot but do it in float32.</summary>
    public static void SetPrecision(string name, MatMulPrecision precision, Action<string> warn)
    {
        Device device = Device.Parse(name);
        device.MatMulPrecision = precision;
        if (device.MatMulPrecision != precision)
            warn($"matmul precision {Words.Of(precision)}: {device} has no tensor cores, as NVIDIA GPUs have from compute capability "
                + "8.0 on; "
                + $"it stays at {Words.Of(device.MatMulPrecision)}, float32.");
    }
}
