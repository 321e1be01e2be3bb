using System.Diagnostics;
using System.Globalization;
using Sagan.Native.Checks;
using Sagan.Native.Kernels;

namespace Sagan.Native.Lessons;

/// <summary>
/// What a lesson says: whether a blank is filled in, whether its result is right, and if not, which cell is off, by what factor, and which
/// usual mistake makes just these numbers.
/// </summary>
public static class Lesson
{
    // Relative to the largest right number: what float32 leaves of sums in another order.
    const double Tolerance = 1e-4;

    const int Margin = 12;

    [ThreadStatic] static TextWriter? output;
    [ThreadStatic] static List<string>? missing;
    [ThreadStatic] static int right;

    /// <summary>Where the lesson of this thread writes: the console, if nothing else is said.</summary>
    public static TextWriter Output
    {
        get => output ?? Console.Out;
        set => output = value;
    }

    /// <summary>Begins a lesson.</summary>
    public static void Begin(string title)
    {
        (missing, right) = ([], 0);
        Output.WriteLine(title);
        Output.WriteLine(new string('=', title.Length));
    }

    /// <summary>Something to read between two checks.</summary>
    public static void Say(string text) => Output.WriteLine(text);

    /// <summary>A tensor, to be looked at: a matrix as a matrix.</summary>
    public static void Show(string name, Tensor t) => Output.WriteLine(Indented($"{name} = {t}"));

    /// <summary>Checks a tensor that a blank computes. Gives the right one in any case, so that the next step does not suffer from a
    /// mistake in this one.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="mine">Computes it; throws <see cref="Blank"/> where it is not filled in.</param>
    /// <param name="expected">What the engine says.</param>
    /// <param name="mistakes">Usual mistakes, and what would come out of them.</param>
    public static Tensor Check(string name, Func<Tensor> mine, Tensor expected, params (string Mistake, Tensor Result)[] mistakes)
    {
        Tensor? result = null;
        string? problem = null;
        try
        {
            result = mine();
            problem = result == null ? "gives nothing." : Compare(result, expected, mistakes);
        }
        catch (Blank blank)
        {
            problem = $"not filled in yet. Hint: {blank.Message}";
        }
        catch (Exception e)
        {
            // What the student's code threw, in one line, and where.
            problem = $"stopped{Where(e)}: {e.Message}";
        }
        Report(name, problem);
        return expected;
    }

    /// <summary>As the other one, for a single number.</summary>
    public static float Check(string name, Func<float> mine, float expected, params (string Mistake, float Result)[] mistakes)
    {
        Check(name, () => Tensor.Scalar(mine()), Tensor.Scalar(expected), [.. mistakes.Select(m => (m.Mistake, Tensor.Scalar(m.Result)))]);
        return expected;
    }

    /// <summary>As the other one, for what loops write into an array that was filled with NaN before: where all of it still is, the blank
    /// is not filled in.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="mine">Writes the result, in memory order.</param>
    /// <param name="expected">What the engine says.</param>
    /// <param name="hint">For one whose blank writes nothing yet.</param>
    /// <param name="mistakes">Usual mistakes, and what would come out of them.</param>
    public static Tensor Check(string name, Action<float[]> mine, Tensor expected, string hint,
        params (string Mistake, Tensor Result)[] mistakes) => Check(name, () =>
        {
            float[] result = new float[expected.Count];
            Array.Fill(result, float.NaN);
            mine(result);
            return result.All(float.IsNaN) ? throw new Blank(hint) : Tensor.From(result, expected.Shape);
        }, expected, mistakes);

    /// <summary>Ends a lesson: how many are right. The exit code is 0 when all are.</summary>
    public static int End()
    {
        int all = right + (missing?.Count ?? 0);
        Output.WriteLine();
        Output.WriteLine(missing is { Count: > 0 } ? $"{right} of {all} right. Next: {missing[0]}." : $"All {all} right. Well done.");
        return missing is { Count: > 0 } ? 1 : 0;
    }

    static void Report(string name, string? problem)
    {
        Output.WriteLine(Indented($"{name.PadRight(Margin - 1)} {problem ?? "right"}"));
        if (problem == null) right++;
        else (missing ??= []).Add(name);
    }

    // What is wrong with it; null where nothing is.
    static string? Compare(Tensor result, Tensor expected, (string Mistake, Tensor Result)[] mistakes)
    {
        double[] actual = Numbers(result), wanted = Numbers(expected);
        if (result.Shape != expected.Shape)
            return $"has the shape {result.Shape}, {expected.Shape} is needed.{Likely(ShapeMistake(result, expected, mistakes))}";

        double scale = Tolerance * Math.Max(wanted.DefaultIfEmpty().Max(Math.Abs), 1e-6), worst = 0;
        (int off, int at) = (0, -1);
        for (int i = 0; i < actual.Length; i++)
        {
            double difference = Math.Abs(actual[i] - wanted[i]);
            // A NaN is as wrong as can be.
            if (double.IsNaN(difference)) difference = double.PositiveInfinity;
            if (difference <= scale) continue;
            off++;
            if (difference > worst) (worst, at) = (difference, i);
        }
        if (off == 0) return null;

        string cells = actual.Length == 1 ? "" : $"{off} of {actual.Length} cells are off, most at {expected.Shape.Place(at)}: ";
        double factor = actual[at] / wanted[at];
        string by = wanted[at] != 0 && double.IsFinite(factor)
            ? string.Create(CultureInfo.InvariantCulture, $" ({factor:G4} times)") : "";
        string numbers = string.Create(CultureInfo.InvariantCulture, $"{cells}yours is {actual[at]:G5}, right is {wanted[at]:G5}{by}.");
        string? mistake = mistakes.FirstOrDefault(m => m.Result.Shape == expected.Shape && UsualMistake.Agree(actual, Numbers(m.Result)))
            .Mistake;
        return numbers + Likely(mistake ?? UsualMistake.Find(actual, wanted, expected.Shape));
    }

    static string? ShapeMistake(Tensor result, Tensor expected, (string Mistake, Tensor Result)[] mistakes) =>
        mistakes.FirstOrDefault(m => m.Result.Shape == result.Shape && UsualMistake.Agree(Numbers(result), Numbers(m.Result))).Mistake
        ?? (result.Rank == 2 && expected.Rank == 2 && result.Shape[0] == expected.Shape[1] && result.Shape[1] == expected.Shape[0]
            ? "transposed" : null);

    static string Likely(string? mistake) => mistake == null ? "" : $"\nLikely: {mistake}.";

    static double[] Numbers(Tensor t) => [.. t.ToArray().Select(v => (double)v)];

    // The line of the lesson that threw; nothing where no line is known.
    static string Where(Exception e)
    {
        foreach (StackFrame frame in new StackTrace(e, fNeedFileInfo: true).GetFrames())
            if (frame.GetFileName() is { } file && frame.GetFileLineNumber() > 0 && char.IsAsciiDigit(Path.GetFileName(file)[0]))
                return $" in line {frame.GetFileLineNumber()}";
        return "";
    }

    static string Indented(string text) => text.Replace("\n", "\n" + new string(' ', Margin), StringComparison.Ordinal);
}
