namespace Sagan.Native.Measuring;

/// <summary>Operands and work of one problem.</summary>
/// <param name="Name">What a table calls it.</param>
/// <param name="Inputs">Elements of each input.</param>
/// <param name="Outputs">Elements of each output.</param>
/// <param name="Flops">Of a call; 0 where arithmetic is not what it is about.</param>
public record KernelShape(string Name, IReadOnlyList<int> Inputs, IReadOnlyList<int> Outputs, double Flops = 0)
{
    /// <summary>What a call reads and writes at least: every operand once.</summary>
    public double Bytes => 4.0 * (Inputs.Sum(n => (double)n) + Outputs.Sum(n => (double)n));
}

/// <summary>One problem that kernels are compared on.</summary>
/// <param name="Name">What a table calls it.</param>
/// <param name="Value">What the kernels are told: sizes, a spec.</param>
/// <param name="Inputs">Elements of each input.</param>
/// <param name="Outputs">Elements of each output.</param>
/// <param name="Flops">Of a call; 0 where arithmetic is not what it is about.</param>
public sealed record KernelShape<T>(string Name, T Value, IReadOnlyList<int> Inputs, IReadOnlyList<int> Outputs, double Flops = 0)
    : KernelShape(Name, Inputs, Outputs, Flops);
