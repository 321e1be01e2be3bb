using System.Text.RegularExpressions;

namespace Sagan.Native.Tests;

/// <summary>Solutions are right, blanks say what is missing, and usual mistakes are recognised.</summary>
public sealed partial class LessonTests
{
    static readonly string[] Names = [.. Directory.GetFiles(LessonProgram.Folder, "*.cs").Select(p => Path.GetFileName(p)!)
        .Order(StringComparer.Ordinal)];

    public static TheoryData<string> Lessons => [.. Names];

    [Theory, MemberData(nameof(Lessons))]
    public void The_solution_is_right(string name)
    {
        (int code, string output) = LessonProgram.Run(name, LessonProgram.Solution(name));
        Assert.True(code == 0, output);
        Assert.Matches($@"(?m)^All {Checks().Count(output)} right\. Well done\.$", output);
    }

    [Theory, MemberData(nameof(Lessons))]
    public void Every_blank_says_that_it_is_one_and_gives_its_hint(string name)
    {
        (int code, string output) = LessonProgram.Run(name, LessonProgram.Lesson(name));
        Assert.Equal(1, code);
        int checks = Regex.Count(LessonProgram.Lesson(name), @"Lesson\.Check\(");
        MatchCollection blanks = Regex.Matches(output, @"(?m)^(\S.{10}) not filled in yet\. Hint: \S");
        Assert.True(blanks.Count == checks, output);
        Assert.Contains($"0 of {checks} right. Next: {blanks[0].Groups[1].Value.Trim()}.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lesson_and_its_solution_say_the_same()
    {
        Assert.Equal(10, Names.Length);
        foreach (string name in Names)
        {
            string[] solution = LessonProgram.Solution(name).Split('\n');
            string[] rest = [.. LessonProgram.Lesson(name).Split('\n').Skip(1)
                .Where(l => !l.Contains("throw new Blank(", StringComparison.Ordinal) && !l.Contains("// Fill this in.")
                    && !l.StartsWith("// Run it:", StringComparison.Ordinal) && !l.StartsWith("// Where it", StringComparison.Ordinal)
                    && !l.StartsWith("// When stuck:", StringComparison.Ordinal))];
            int at = 0;
            foreach (string line in rest)
            {
                int found = Array.IndexOf(solution, line, at);
                Assert.True(found >= 0, $"{name}: not in the solution, or in another order: {line}");
                at = found + 1;
            }
        }
    }

    [Theory]
    [InlineData("01-tensors.cs", "x - x.Mean(0, keepDims: true),", "x - x.Mean(1, keepDims: true),", "centred",
        "5 of 6 cells are off, most at [0, 2]: yours is 1, right is -2 (-0.5 times).",
        "the mean over the wrong axis: of each row in place of each column")]
    [InlineData("01-tensors.cs", "Ops.Sum(2 * (w * t - y) * t)", "Ops.Sum((w * t - y) * t)", "dL/dw",
        "yours is -9, right is -18 (0.5 times).",
        "the factor 2 of the square is missing")]
    [InlineData("01-tensors.cs", "d[tape[i].A] += d[i] * tape[i].SlopeA;\n        d[tape[i].B] +=",
        "d[tape[i].A] = d[i] * tape[i].SlopeA;\n        d[tape[i].B] =", "tape", "3 of 5 cells are off, most at [0]",
        "= in place of +=: an entry that is read twice loses a share")]
    [InlineData("02-product.cs", "() => a.MatMul(g, transposeA: true)", "() => g.MatMul(a, transposeA: true)", "db",
        "has the shape [4, 2], [2, 4] is needed.", "transposed: g^T a")]
    [InlineData("02-product.cs", "() => g.Sum(0)", "() => g.Mean(0)", "dbias", "(0.3333 times)",
        "the mean over the rows in place of the sum")]
    [InlineData("02-product.cs", "g.MatMul(t[0], transposeA: true), g.Sum(0)]", "2 * g.MatMul(t[0], transposeA: true), g.Sum(0)]", "rule",
        "stopped", "a factor 2 too much: all of it is 2 times what it should be", "likely: ")]
    [InlineData("03-softmax.cs", "() => p * (g - (g * p).Sum(-1, keepDims: true))", "() => p * g", "dx", "are off",
        "the row sum is forgotten: p * g alone")]
    [InlineData("03-softmax.cs", "(j == k ? 1 : 0) - P[k]", "-P[k]", "J", "3 of 9 cells are off", "d_jk is missing")]
    [InlineData("03-softmax.cs", "(large - large.Max(-1, keepDims: true)).Exp()", "large.Exp()", "large", "yours is NaN",
        "NaN or infinity")]
    [InlineData("04-attention.cs", "() => scale * q.MatMul(k, transposeB: true)", "() => q.MatMul(k, transposeB: true)", "E",
        "yours is 4, right is 2 (2 times)", "the scale is forgotten")]
    [InlineData("04-attention.cs", "() => scale * q.MatMul(k, transposeB: true)", "() => scale * k.MatMul(q, transposeB: true)", "E",
        "are off", "transposed: rows are queries, columns are keys")]
    [InlineData("04-attention.cs", "() => E.Softmax(-1)", "() => E.Softmax(0)", "A", "are off",
        "softmax over the wrong axis: over the queries, columns add up to 1")]
    [InlineData("05-attention-backward.cs", "() => A * (dA - D)", "() => A * dA", "dE", "are off",
        "the row sum is forgotten: A * dA alone")]
    [InlineData("05-attention-backward.cs", "() => A * (dA - D)", "() => A * (dA - (dA * A).Sum(0, keepDims: true))", "dE", "are off",
        "softmax over the wrong axis: the sum is over each column")]
    [InlineData("05-attention-backward.cs", "() => A * (dA - D)", "() => (A * (dA - D)).Transpose()", "dE", "are off",
        "transposed: rows and columns of the last two axes are exchanged")]
    [InlineData("05-attention-backward.cs", "() => scale * dE.MatMul(k)", "() => dE.MatMul(k)", "dq", "(2 times)",
        "the scale is forgotten")]
    [InlineData("05-attention-backward.cs", "return [scale * dE.MatMul(k), scale * dE.MatMul(q, transposeA: true),",
        "return [scale * dE.MatMul(k), -scale * dE.MatMul(q, transposeA: true),", "rule", "gradcheck: order 1, k [",
        "the sign is wrong", "likely: ")]
    [InlineData("06-streaming.cs", "        z *= MathF.Exp(m - newM);\n", "", "z", "yours is",
        "the old sum is not rescaled by exp(m - new m)")]
    [InlineData("06-streaming.cs", "() => tile * (dA - Ops.Sum(g * o))", "() => tile * (dA - Ops.Sum(dA * tile))", "dE tile", "are off",
        "the row sum is of this tile alone")]
    [InlineData("07-block.cs", "() => (G - Ops.Sum(G * y) * uv) / sigma", "() => G / sigma", "dW", "are off",
        "sigma was treated as a constant: it grows with W")]
    [InlineData("08-gradient-penalty.cs", "() => (a * (1 - h * h)).MatMul(W)", "() => (a * (1 - h)).MatMul(W)", "G", "are off",
        "the slope of tanh is 1 - h^2, not 1 - h")]
    [InlineData("09-cpu-kernel.cs", "for (int j = whole; j < N; j++) row[j] += f * other[j];", "", "vectors", "cells are off",
        "the tail is forgotten: columns from whole on")]
    [InlineData("09-cpu-kernel.cs", "a[(i + 1) * K + k]", "a[i * K + k]", "tile", "cells are off, most at [", "")]
    [InlineData("10-gpu-kernel.cs", "() => (M + T - 1) / T * ((N + T - 1) / T)", "() => M / T * (N / T)", "groups",
        "yours is 12, right is 20 (0.6 times).", "rounded down: the last rows and columns belong to no group")]
    [InlineData("10-gpu-kernel.cs", "sum += a[at.X, k] * b[k, at.Y]", "sum = a[at.X, k] * b[k, at.Y]", "naive", "are off",
        "the last k alone: the sum is overwritten, not added to")]
    public void A_usual_mistake_gets_its_hint(string name, string right, string wrong, string check, string says, string hint,
        string likely = "Likely: ")
    {
        string solution = LessonProgram.Solution(name);
        Assert.Contains(right, solution, StringComparison.Ordinal);
        int at = solution.IndexOf(right, StringComparison.Ordinal);
        (int code, string output) = LessonProgram.Run(name, solution[..at] + wrong + solution[(at + right.Length)..]);
        Assert.Equal(1, code);
        Match report = Regex.Match(output, $@"(?m)^{Regex.Escape(check.PadRight(11))} (?<text>.*(\n {{12}}.*)*)");
        string text = report.Groups["text"].Value;
        Assert.True(text.Contains(says, StringComparison.Ordinal), output);
        Assert.True(hint.Length == 0 || text.Contains(likely + hint, StringComparison.Ordinal), output);
        // The steps after it do not suffer.
        Assert.Matches($@"(?m)^{Checks().Count(output) - 1} of {Checks().Count(output)} right\. Next: {Regex.Escape(check)}\.$", output);
    }

    [Fact]
    public void What_the_code_throws_is_told_in_one_line_with_the_line_of_the_lesson()
    {
        string solution = LessonProgram.Solution("05-attention-backward.cs");
        int line = solution[..solution.IndexOf("() => g.MatMul(v, transposeB: true)", StringComparison.Ordinal)].Count(c => c == '\n') + 1;
        string output = LessonProgram.Run("05-attention-backward.cs", solution.Replace("() => g.MatMul(v, transposeB: true)",
            "() => g[.., ..1].MatMul(v, transposeB: true)", StringComparison.Ordinal)).Output;
        Assert.Contains($"\ndA          stopped in line {line}: matmul: inner dimensions differ: a [4, 1] has 1 columns, "
            + "b [4, 2] transposed has 2 rows.\n", output, StringComparison.Ordinal);
    }

    // As a student runs it; the last compiles kernels while it runs.
    [Theory]
    [InlineData("05-attention-backward.cs", 1, "5. Attention, backward, by hand\n", "\ndv          not filled in yet. Hint: A^T g\n")]
    [InlineData("solutions/10-gpu-kernel.cs", 0, "10. A kernel for a GPU\n", "\nAll 3 right. Well done.\n")]
    public void Dotnet_runs_a_lesson(string file, int code, string begin, string end)
    {
        ChildProcess run = ChildProcess.Run(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            ["run", "-c", "Release", "-p:BuildProjectReferences=false", Path.Combine(LessonProgram.Folder, file)], Path.GetTempPath());
        Assert.True(run.ExitCode == code, run.All);
        Assert.StartsWith(begin, run.Output, StringComparison.Ordinal);
        Assert.Contains(end, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_has_all_lessons()
    {
        string table = File.ReadAllText(Path.Combine(LessonProgram.Folder, "README.md"));
        Assert.Equal(Names, Regex.Matches(table, @"(?m)^\| \[`(\d\d-[\w-]+\.cs)`\]\(\1\) \|").Select(m => m.Groups[1].Value));
        Assert.Equal(Names, Directory.GetFiles(Path.Combine(LessonProgram.Folder, "solutions")).Select(Path.GetFileName)
            .Order(StringComparer.Ordinal));
    }

    // A line for each check, right or not.
    [GeneratedRegex(@"(?m)^(?=\S).{11} (right$|not filled|stopped|has the shape|gives nothing|yours is|\d+ of \d+ cells)")]
    private static partial Regex Checks();
}
