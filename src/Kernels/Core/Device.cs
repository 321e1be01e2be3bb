using System.Collections.Concurrent;

namespace Sagan.Native.Kernels;

/// <summary>Where tensors live and who computes on them: a memory pool and a backend.</summary>
public sealed class Device
{
    static readonly ConcurrentDictionary<string, Lazy<Device>> Gpus = new();

    /// <summary>SIMD kernels on the host's cores: the default.</summary>
    public static Device Cpu { get; } = new("cpu", new HostPool(), new CpuBackend());

    /// <summary>Plain scalar loops that accumulate in double: the readable definition of every primitive, slow on purpose.</summary>
    public static Device Reference { get; } = new("reference", new HostPool(), new ReferenceBackend());

    internal Device(string name, Pool pool, Backend backend)
    {
        Name = name;
        Pool = pool;
        Backend = backend;
    }

    /// <summary>The name that <see cref="Parse"/> accepts.</summary>
    public string Name { get; }

    /// <summary>True where tensors are in the host's memory, so that looking at one waits for nothing.</summary>
    public bool IsHost => Pool is HostPool;

    /// <summary>Kernels launched on a GPU so far; null where there are no launches, on the host.</summary>
    public long? LaunchCount => Backend.Profiling?.LaunchCount;

    /// <summary>
    /// How exactly products multiply. A device without tensor cores (the host, OpenCL, NVIDIA GPUs before compute capability 8.0) stays at
    /// <see cref="MatMulPrecision.Highest"/> whatever it is told.
    /// </summary>
    public MatMulPrecision MatMulPrecision
    {
        get => (Backend as ITensorCores)?.MatMulPrecision ?? MatMulPrecision.Highest;
        set
        {
            if (Backend is ITensorCores { HasTensorCores: true } backend) backend.MatMulPrecision = value;
        }
    }

    /// <summary>
    /// How convolutions are done. A device that has one way of doing them stays at <see cref="ConvolutionAlgorithm.Direct"/> whatever it is
    /// told. Set it before the device is used: it is the device's, not a thread's.
    /// </summary>
    public ConvolutionAlgorithm Convolution
    {
        get => (Backend as IConvolutionAlgorithms)?.Convolution ?? ConvolutionAlgorithm.Direct;
        set
        {
            if (Backend is IConvolutionAlgorithms backend) backend.Convolution = value;
        }
    }

    /// <summary>
    /// Does something with products of every size on tensor cores, if <see cref="MatMulPrecision"/> is not the highest: for checks.
    /// </summary>
    internal T WithTensorCoresForAllProducts<T>(Func<T> work)
    {
        if (Backend is not ITensorCores backend) return work();
        try
        {
            backend.TensorCoresForAllProducts = true;
            return work();
        }
        finally
        {
            backend.TensorCoresForAllProducts = false;
        }
    }

    /// <summary>The memory.</summary>
    public Pool Pool { get; }

    /// <summary>The kernels.</summary>
    internal Backend Backend { get; }

    /// <summary>
    /// The device with this name: <c>cpu</c>, <c>reference</c>, <c>cuda:0</c>, <c>opencl:0</c> (without a number: 0) or <c>emulated</c>. A
    /// GPU is opened the first time and stays open. Throws <see cref="DeviceUnavailableException"/> with the reason and the way out.
    /// </summary>
    public static Device Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == "cpu") return Cpu;
        if (name == "reference") return Reference;
        if (name.Split(':')[0] is not ("cuda" or "opencl" or "emulated"))
            throw new DeviceUnavailableException($"device '{name}' is unknown; known devices: cpu, reference, cuda:0, opencl:0, emulated.");
        string full = name is "cuda" or "opencl" ? name + ":0" : name;
        return Gpus.GetOrAdd(full, n => new Lazy<Device>(() => IlgpuDevices.Open(n), LazyThreadSafetyMode.PublicationOnly)).Value;
    }

    /// <summary>Every device of this machine, usable or not, with the reason.</summary>
    public static IReadOnlyList<DeviceInfo> List() =>
    [
        new("cpu", "the processor with SIMD", null),
        new("reference", "the same processor, plain loops in double precision: slow, for checking", null),
        .. IlgpuDevices.List(),
    ];

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A device of this machine.</summary>
/// <param name="Name">What <see cref="Device.Parse"/> takes; without a number where none of its kind was found.</param>
/// <param name="About">What it is.</param>
/// <param name="WhyNot">Why it cannot be used; null where it can.</param>
public sealed record DeviceInfo(string Name, string About, string? WhyNot);

/// <summary>A device was asked for that this machine or this build does not have.</summary>
public sealed class DeviceUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A device failed while it computed: its memory is lost, what is on disk is not.</summary>
public sealed class DeviceException(string message, Exception? inner = null) : Exception(message, inner);
