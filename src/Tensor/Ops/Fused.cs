namespace Sagan.Native;

public static partial class Ops
{
    /// <summary>
    /// The gradients of a fused operation while the backward pass is itself recorded: the operation is computed again as its reference
    /// composition, and &lt;reference(inputs), g&gt; differentiated, which gives gradients that can be differentiated in turn.
    /// </summary>
    internal static void GradOfReference<TSpec>(Tensor g, Gradients d, ReadOnlySpan<Tensor> saved, TSpec spec,
        Func<Tensor[], TSpec, Tensor> reference)
    {
        // Distinct nodes even where one tensor is given twice, connected to the graph behind them.
        Tensor[] inputs = new Tensor[saved.Length];
        List<Tensor> wrt = [];
        for (int i = 0; i < saved.Length; i++)
        {
            // An input whose own gradient is not wanted here takes part in the gradients of the others all the same: it stays connected.
            inputs[i] = d.Wants(i) ? Identity(saved[i]) : saved[i];
            if (d.Wants(i)) wrt.Add(inputs[i]);
        }
        Tensor[] gradients = Autograd.Grad(Sum(reference(inputs, spec) * g), wrt, createGraph: true);
        for (int i = 0, k = 0; i < saved.Length; i++)
            if (d.Wants(i)) d[i] = gradients[k++];
    }

    // Where a rule may put what it makes of g: into g itself when nobody else holds its memory, and never while the rule is recorded.
    static Tensor InPlaceOf(Tensor g) => !Autograd.IsRecording && g.Storage.IsExclusive ? g : Tensor.Empty(g.Shape, g.Device);

    static Tensor Identity(Tensor x) => Autograd.RecordLinear("identity", x.Alias(x.Shape, null), 0, (x, static (g, _) => g));
}
