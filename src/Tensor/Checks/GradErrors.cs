using System.Globalization;

namespace Sagan.Native.Checks;

/// <summary>What <see cref="GradCheck"/> found: the largest relative errors, and what they mean.</summary>
/// <param name="First">Of the gradient.</param>
/// <param name="Second">Of the gradient of the gradient; 0 where it was not asked for.</param>
public sealed record GradErrors(double First, double Second)
{
    /// <summary>How it was checked.</summary>
    public GradCheckOptions Options { get; init; } = new();

    /// <summary>Elements that no difference can judge, because the function has a kink there.</summary>
    public int Skipped { get; init; }

    /// <summary>The first of them.</summary>
    public GradKink? Kink { get; init; }

    /// <summary>The element with the largest error, where there is one that is too large.</summary>
    public GradFault? Fault { get; init; }

    /// <summary>What kept it from being checked: a function that is not deterministic, a rule that gives none or another shape.</summary>
    public string? Problem { get; init; }

    /// <summary>What was thrown, where that is the problem.</summary>
    internal Exception? Cause { get; init; }

    /// <summary>True when both errors are below what <see cref="Options"/> allows.</summary>
    public bool Passed => Problem == null && First < Options.FirstTolerance && Second < Options.SecondTolerance;

    /// <summary>What failed, or how many elements were skipped; empty where there is nothing to say.</summary>
    public override string ToString() =>
        Problem ?? (Fault is { } f ? f.ToString()
        : !Passed ? $"most elements lie at kinks{(Kink == null ? "" : $" ({Kink})")}: give inputs away from them, "
            + "as docs/gradcheck.md does"
        : Skipped == 1 ? $"1 element at a kink skipped{(Kink == null ? "" : $": {Kink}")}"
        : Skipped > 1 ? $"{Skipped} elements at kinks skipped{(Kink == null ? "" : $", the first: {Kink}")}" : "");

    // What a failed assertion says.
    internal string Report() => string.Create(CultureInfo.InvariantCulture,
        $"gradcheck: {this}\n(relative errors: order 1 {First:G3}, allowed {Options.FirstTolerance:G3}; order 2 {Second:G3}, allowed "
        + $"{Options.SecondTolerance:G3}; step {Options.Step:G3}, seed {Options.Seed}, on {Options.Device})");
}

/// <summary>An element of a gradient that differs from finite differences.</summary>
/// <param name="Order">1: the gradient, 2: the gradient of the gradient.</param>
/// <param name="Input">Which input of the operation, from 0.</param>
/// <param name="Element">Which element of it, in memory order.</param>
/// <param name="Value">That input's value there.</param>
/// <param name="Analytic">What the rule gives.</param>
/// <param name="Numeric">What the differences give.</param>
/// <param name="Step">Their step.</param>
public sealed record GradFault(int Order, int Input, int Element, double Value, double Analytic, double Numeric, double Step)
{
    /// <summary>The usual mistake that makes just these numbers, where one does: <see cref="UsualMistake"/>.</summary>
    public string? Mistake { get; init; }

    /// <summary>What the options call the input, and the element in it.</summary>
    internal string? Place { get; init; }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"order {Order}, {Place ?? $"input {Input} [{Element}]"} = {Value:G6}: the rule gives {Analytic:G6}, "
        + $"differences of step {Step:G3} give {Numeric:G6}{(Mistake == null ? "" : $"; likely: {Mistake}")}");
}

/// <summary>An element where the function has a kink: no difference can judge what the rule gives there.</summary>
/// <param name="Place">Which input and element.</param>
/// <param name="Value">That input's value there.</param>
/// <param name="Left">The derivative from the left; NaN where neither side is smooth, as where a gradient jumps.</param>
/// <param name="Right">And from the right.</param>
public sealed record GradKink(string Place, double Value, double Left, double Right)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Place} = {Value:G6}, {(double.IsNaN(Left) ? "where neither side is smooth"
            : $"slope {Left:G3} from the left and {Right:G3} from the right")}");
}

/// <summary>A gradient is wrong, or could not be checked. The message is the report: which input, which element, what the rule gives, what
/// finite differences give, and the likely mistake.</summary>
/// <param name="errors">The numbers of the check.</param>
public sealed class GradCheckException(GradErrors errors) : Exception(errors.Report(), errors.Cause)
{
    /// <summary>The numbers of the check.</summary>
    public GradErrors Errors { get; } = errors;
}
