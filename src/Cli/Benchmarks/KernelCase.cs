using Sagan.Native.Kernels;

namespace Sagan.Native.Benchmarks;

/// <summary>What kernels have in common, for those who look at them together.</summary>
enum KernelFamily
{
    Convolution,
    Attention,
    Product,
    Normalisation,
    Elementwise,
}

/// <summary>One kernel at one shape: its work, and a call of it.</summary>
/// <param name="Flops">Of a call; 0 where arithmetic is not what it is about.</param>
/// <param name="Bytes">What a call reads and writes at least.</param>
/// <param name="Run">A call. The first one brings the operands into being.</param>
sealed record KernelCase(KernelFamily Family, string Kernel, string Shape, double Flops, double Bytes, Action Run)
{
    /// <summary>To be called before the first <see cref="Run"/>: makes operands that must belong together.</summary>
    public Action? Before { get; init; }

    /// <summary>Kernel and shape.</summary>
    public string Name => $"{Kernel} {Shape}";
}

/// <summary>
/// Random operands on a device, one for each size and number. They come into being when they are first used, and live as long as this.
/// </summary>
sealed class KernelOperands(Device device)
{
    readonly Dictionary<(int, int), Operand> made = [];

    public Operand this[int count, int number = 0]
    {
        get
        {
            if (!made.TryGetValue((count, number), out Operand? o)) made.Add((count, number), o = new Operand(device, count, number));
            return o;
        }
    }

    /// <summary>A storage that is there when it is needed.</summary>
    public sealed class Operand(Device device, int count, int number)
    {
        Storage? storage;

        public static implicit operator Storage(Operand o) => o.storage ??= o.Make();

        Storage Make() => Measuring.Operands.Drawn(device, count,
            s => Device.Cpu.Backend.RandomUniform(s, count, new PhiloxKey((ulong)count, (ulong)number, 0)));
    }
}
