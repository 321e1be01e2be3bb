namespace Sagan.Native.Optim;

/// <summary>Keeps gradients small.</summary>
public static class Clip
{
    /// <summary>
    /// g min(1, most / (|g| + 1e-6)) with |g| the length of all gradients together, as torch.nn.utils.clip_grad_norm_; NaN where |g| is.
    /// Returns |g| too, a scalar. For <see cref="Optimizer.Minimize"/>: <c>g =&gt; Clip.Norm(g, 1).Gradients</c>.
    /// </summary>
    public static (Tensor[] Gradients, Tensor Norm) Norm(IReadOnlyList<Tensor> gradients, float most)
    {
        if (!(most > 0)) throw new ArgumentOutOfRangeException(nameof(most), most, "clip: the largest norm must be above 0.");
        if (gradients.Count == 0) throw new ArgumentException("clip: no gradients are given.", nameof(gradients));
        Tensor squares = Ops.Sum(Ops.Square(gradients[0]));
        for (int i = 1; i < gradients.Count; i++) squares += Ops.Sum(Ops.Square(gradients[i])).To(squares.Device);
        Tensor norm = Ops.Sqrt(squares), factor = Ops.Clamp(most / (norm + 1e-6f), high: 1);
        return ([.. gradients.Select(g => g * factor.To(g.Device))], norm);
    }

    /// <summary>Each element in [-most, most].</summary>
    public static Tensor[] Value(IReadOnlyList<Tensor> gradients, float most)
    {
        if (!(most > 0)) throw new ArgumentOutOfRangeException(nameof(most), most, "clip: the largest value must be above 0.");
        return [.. gradients.Select(g => Ops.Clamp(g, -most, most))];
    }
}
