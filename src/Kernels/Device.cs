namespace Sagan.Native.Kernels;

/// <summary>Where tensors live and who computes on them: a memory pool and a backend.</summary>
public sealed class Device
{
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

    /// <summary>The memory.</summary>
    public Pool Pool { get; }

    /// <summary>The kernels.</summary>
    public Backend Backend { get; }

    /// <summary>The device with this name: <c>cpu</c> or <c>reference</c>. Throws <see cref="DeviceUnavailableException"/> with the way out for any
    /// other.</summary>
    public static Device Parse(string name) => name switch
    {
        "cpu" => Cpu,
        "reference" => Reference,
        _ when name.StartsWith("cuda", StringComparison.Ordinal) || name.StartsWith("opencl", StringComparison.Ordinal) =>
            throw new DeviceUnavailableException($"device '{name}' is not available: this build has no GPU kernels; use --device cpu."),
        _ => throw new DeviceUnavailableException($"device '{name}' is unknown; known devices: cpu, reference."),
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>A device was asked for that this machine or this build does not have.</summary>
public sealed class DeviceUnavailableException : Exception
{
    public DeviceUnavailableException() { }

    public DeviceUnavailableException(string message) : base(message) { }

    public DeviceUnavailableException(string message, Exception inner) : base(message, inner) { }
}
