using Sagan.Native.Kernels;

namespace Sagan.Native.Measuring;

/// <summary>
/// What a kernel reads and writes, on one device. Inputs are standard normal numbers, the same on every device and in every run; outputs
/// hold NaN until a kernel has written them.
/// </summary>
public sealed class Operands : IDisposable
{
    readonly Storage[] inputs, outputs;

    /// <summary>Inputs and outputs of so many elements.</summary>
    public Operands(Device device, IReadOnlyList<int> inputs, IReadOnlyList<int> outputs)
    {
        ArgumentNullException.ThrowIfNull(device);
        Device = device;
        this.inputs = [.. inputs.Select((n, i) => Drawn(device, n,
            s => Device.Cpu.Backend.RandomNormal(s, n, new PhiloxKey((ulong)n, (ulong)i, 0))))];
        this.outputs = [.. outputs.Select(device.Pool.Rent)];
        Forget();
    }

    /// <summary>Where they lie.</summary>
    public Device Device { get; }

    /// <summary>How many inputs there are.</summary>
    public int Inputs => inputs.Length;

    /// <summary>How many outputs there are.</summary>
    public int Outputs => outputs.Length;

    /// <summary>The input of this number.</summary>
    internal Storage Input(int number) => inputs[number];

    /// <summary>The output of this number.</summary>
    internal Storage Output(int number) => outputs[number];

    /// <summary>The input of this number. Throws <see cref="InvalidOperationException"/> where it is not in the host's memory.</summary>
    public ReadOnlySpan<float> Read(int number) => OnHost(inputs[number]).Span;

    /// <summary>The output of this number. Throws <see cref="InvalidOperationException"/> where it is not in the host's memory.</summary>
    public Span<float> Write(int number) => OnHost(outputs[number]).Span;

    /// <summary>Numbers of all outputs, one after the other; waits for the device.</summary>
    public float[] Results()
    {
        float[] all = new float[outputs.Sum(o => o.Count)];
        int at = 0;
        foreach (Storage o in outputs)
        {
            o.CopyTo(all.AsSpan(at, o.Count));
            at += o.Count;
        }
        return all;
    }

    /// <summary>Outputs hold NaN again, so that what a kernel leaves out is seen.</summary>
    public void Forget()
    {
        foreach (Storage o in outputs) Device.Backend.Fill(o, o.Count, float.NaN);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (Storage s in inputs.Concat(outputs)) s.Release();
    }

    /// <summary>Drawn on the host: the same numbers on every device, also on one that would take long.</summary>
    internal static Storage Drawn(Device device, int count, Action<Storage> draw)
    {
        HostStorage values = (HostStorage)Device.Cpu.Pool.Rent(count);
        draw(values);
        if (device.IsHost) return values;
        Storage s = device.Pool.Rent(count);
        s.CopyFrom(values.Span);
        values.Release();
        return s;
    }

    static HostStorage OnHost(Storage s) => s as HostStorage
        ?? throw new InvalidOperationException("operands of a GPU are no spans.");
}
