using Sagan.Native.Kernels;

namespace Sagan.Native.Checks;

/// <summary>
/// Which usual mistake makes the wrong gradient of an input. Beyond what the numbers alone tell (<see cref="UsualMistake"/>): whether it
/// is that of another input, and whether only a part of the output is counted,
/// <code>dx_k = sum over o of c_o dy_o/dx_k,       o of one place along an axis alone: the sum over that axis is missing</code>
/// </summary>
static class MistakeSearch
{
    // So many runs of f and so many numbers are worth a better message.
    const int MostElements = 64, MostNumbers = 1 << 18;

    public static string? Run(int order, int input, Tensor[] inputs, Tensor[] gradients, double[][] numeric, Func<Tensor[], Tensor> f,
        Tensor cotangent, GradCheckOptions options)
    {
        Shape shape = inputs[input].Shape, output = cotangent.Shape;
        double[] actual = [.. gradients[input].ToArray().Select(v => (double)v)];
        bool broadcasts = order == 1 && shape.Count > 0 && shape != output && shape.BroadcastsTo(output);
        if (UsualMistake.Find(actual, numeric[input], shape, broadcasts ? output.Count / shape.Count : 1) is { } usual)
            return order == 2 && usual == UsualMistake.NothingFlows
                ? "nothing flows: the rule's own result leaves the tape (ToArray, Detach, a kernel without a definition)" : usual;
        for (int j = 0; j < inputs.Length; j++)
            if (j != input && inputs[j].Shape == shape && actual.Length > 1 && UsualMistake.Agree(actual, numeric[j]))
                return $"exchanged: this is the gradient of {options.NameOf(j)}";
        return order == 1 && shape.Count <= MostElements && shape.Count * (long)output.Count <= MostNumbers
            ? Unsummed(actual, input, inputs, f, cotangent, options.Step) : null;
    }

    static string? Unsummed(double[] actual, int input, Tensor[] inputs, Func<Tensor[], Tensor> f, Tensor cotangent, double h)
    {
        Shape output = cotangent.Shape;
        float[] x = inputs[input].ToArray(), c = cotangent.ToArray();
        double[][] jacobian = [.. Enumerable.Range(0, x.Length).Select(Column)];
        for (int axis = 0; axis < output.Rank; axis++)
        {
            int n = output[axis], inner = output.Product(axis + 1, output.Rank);
            if (n < 2) continue;
            foreach (int place in (int[])[0, n - 1])
            {
                double[] part = [.. jacobian.Select(column => column.Where((_, o) => o / inner % n == place).Sum())];
                if (UsualMistake.Agree(actual, part))
                    return $"the sum over axis {axis} of the output {output} is missing: only its place {place} of {n} is counted";
            }
        }
        return null;

        // c_o dy_o/dx_k for all o.
        double[] Column(int k)
        {
            float[] twoLeft = At(-2), left = At(-1), right = At(1), twoRight = At(2);
            return [.. c.Select((co, o) => co * (twoLeft[o] - 8.0 * left[o] + 8.0 * right[o] - twoRight[o]) / (12 * h))];

            float[] At(int steps) => Step.Run(() =>
            {
                float[] moved = [.. x];
                moved[k] = (float)(x[k] + steps * h);
                Tensor[] all = [.. inputs];
                all[input] = Tensor.From(moved, inputs[input].Shape, inputs[input].Device);
                return Autograd.NoGrad(() => f(all)).ToArray();
            });
        }
    }
}
