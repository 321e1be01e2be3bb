using Sagan.Native.Kernels;

namespace Sagan.Native.Checks;

/// <summary>How <see cref="GradCheck"/> looks: every number that decides.</summary>
public sealed record GradCheckOptions
{
    /// <summary>
    /// Where to compute; inputs are moved there. The reference device adds in double inside every operation, and the loss is added in
    /// double on any; numbers between operations are float32. Another one where the function holds tensors of it, such as the weights of a
    /// module, or where that device's kernels are what is to be checked.
    /// </summary>
    public Device Device { get; init; } = Device.Reference;

    /// <summary>
    /// h of the 5-point stencil, whose own error is of order h^4: so it can be as large as float32 needs, whose rounding noise falls as
    /// 1/h. Elements that disagree are looked at again with h/4 and h/16.
    /// </summary>
    public double Step { get; init; } = 1 / 64.0;

    /// <summary>What the error of the gradient must stay below, relative to the gradient's length.</summary>
    public double FirstTolerance { get; init; } = GradCheck.FirstOrder;

    /// <summary>The same of the gradient of the gradient.</summary>
    public double SecondTolerance { get; init; } = GradCheck.SecondOrder;

    /// <summary>Of the cotangents and directions: the same seed, the same check.</summary>
    public ulong Seed { get; init; } = 7;

    /// <summary>Random directions of each order.</summary>
    public int Directions { get; init; } = 3;

    /// <summary>What a report calls the inputs; by default <c>input 0</c>, <c>input 1</c>.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    internal double Tolerance(int order) => order == 1 ? FirstTolerance : SecondTolerance;

    internal string NameOf(int input) => input < Names.Count ? Names[input] : $"input {input}";

    internal void Validate()
    {
        Positive(Step, nameof(Step));
        Positive(FirstTolerance, nameof(FirstTolerance));
        Positive(SecondTolerance, nameof(SecondTolerance));
        Positive(Directions, nameof(Directions));

        static void Positive(double value, string name)
        {
            if (!(value > 0 && double.IsFinite(value)))
                throw new ArgumentOutOfRangeException(name, value, $"gradcheck: {name} must be a number above 0.");
        }
    }
}
