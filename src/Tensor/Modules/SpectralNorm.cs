using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>Whose spectral normalisation: which matrix, which epsilon, and when u and v move.</summary>
public enum SpectralNormConvention
{
    /// <summary>
    /// torch.nn.utils.spectral_norm: rows are the output units (also of transposed convolutions), x / max(|x|, eps), u and v move in
    /// training mode only. A product shorter than eps is divided by its own length (<see cref="NormEpsilon.Max"/>), so that w / sigma is
    /// right for weights of any size.
    /// Keys: weight_orig, weight_u, weight_v.
    /// </summary>
    Torch,

    /// <summary>
    /// heykeetae/Self-Attention-GAN: rows are the weight's first axis, x / (|x| + eps), u and v move at every call, in inference mode too.
    /// For weights near eps or below w / sigma is too large, as it is there.
    /// Keys: module.weight_bar, module.weight_u, module.weight_v.
    /// </summary>
    Heykeetae,

    /// <summary>
    /// The official SAGAN code (TensorFlow): rows are the weight's first axis, x / (|x| + eps), u first drawn from a truncated normal
    /// distribution and moved at every call, in inference mode too; v is not kept, and the gradient flows through the step of power
    /// iteration as well.
    /// Keys: weight_orig, weight_u.
    /// </summary>
    Official,
}

/// <summary>
/// A layer whose weight is divided by its largest singular value: y = layer(x; w / sigma), sigma = u^T W v from one step of power
/// iteration at each call.
/// The gradient treats u and v of that call as constants, except under <see cref="SpectralNormConvention.Official"/>. Source: Miyato et
/// al. 2018, "Spectral Normalization for Generative Adversarial Networks".
/// </summary>
public sealed class SpectralNorm : Module
{
    readonly Module layer;
    readonly Parameter weight, u;
    readonly Parameter? v;
    readonly PowerIterationSpec spec;
    readonly SpectralNormConvention convention;
    int frozen;
    // Under Together: u and v of the passes so far, which the tape holds.
    bool together;
    readonly List<(Storage U, Storage V)> earlier = [];

    /// <param name="layer">A Linear, Conv2d, ConvTranspose2d or Embedding; used through this wrapper only from now on.</param>
    /// <param name="init">Gives u and v: random unit vectors.</param>
    /// <param name="convention">Whose conventions.</param>
    /// <param name="iterations">Steps of power iteration at each call.</param>
    /// <param name="epsilon">eps of the norms of power iteration, 1e-12 in all three systems. sigma has none: where it is 0 the weight is
    /// used as it is.</param>
    public SpectralNorm(Module layer, Initializer init, SpectralNormConvention convention = SpectralNormConvention.Torch,
        int iterations = 1, float epsilon = 1e-12f)
    {
        if (layer is not INormalizable target)
            throw new ArgumentException($"spectral_norm: a {layer.GetType().Name} has no weight to normalise.", nameof(layer));
        ArgumentOutOfRangeException.ThrowIfNegative(iterations);
        this.layer = layer;
        this.convention = convention;
        weight = target.Raw;
        Shape w = weight.Shape;
        bool torch = convention == SpectralNormConvention.Torch, transpose = torch && target.OutputsLast;
        int columns = transpose ? w[-1] : w.Count / w[0];
        spec = new PowerIterationSpec(w.Count / columns, columns, transpose, iterations, epsilon,
            torch ? NormEpsilon.Max : NormEpsilon.Add);
        u = Vector("u", init, transpose);
        if (convention != SpectralNormConvention.Official) v = Vector("v", init, transpose);
        target.Normalize(convention == SpectralNormConvention.Official ? Differentiated : Triplet);
        if (layer is Embedding e) Embedded = e;
    }

    /// <summary>The wrapped layer.</summary>
    internal Module Layer => layer;

    /// <summary>The wrapped layer, where it is an embedding, which is called with indices.</summary>
    Embedding? Embedded { get; }

    /// <summary>While true, u and v stay as they are and sigma = u^T W v, whatever the convention and mode.</summary>
    public bool IsFrozen => frozen > 0;

    /// <summary>The largest singular value as of the last call.</summary>
    public float Sigma => Step.Run(() => v == null
        ? Autograd.NoGrad(() => Ops.NormalizedByPowerIteration(weight, u.Value, spec).Sigma.Item())
        : Ops.PowerIteration(weight, u, v, spec with { Iterations = 0 }).Sigma.Item());

    /// <summary>The wrapped layer's parameters under the convention's names.</summary>
    public override IEnumerable<(string Name, Parameter Parameter)> State()
    {
        bool heykeetae = convention == SpectralNormConvention.Heykeetae;
        string prefix = heykeetae ? "module." : "";
        foreach ((string name, Parameter p) in layer.State())
            if (p != weight) yield return (prefix + name, p);
        if (!heykeetae) yield return ("weight_orig", weight);
        yield return (prefix + "weight_u", u);
        if (v != null) yield return (prefix + "weight_v", v);
        if (heykeetae) yield return (prefix + "weight_bar", weight);
    }

    /// <summary>Rows of the table for these indices: for a wrapped embedding.</summary>
    public Tensor Call(IndexTensor index) => (Embedded ?? throw new InvalidOperationException($"spectral_norm: a {layer.GetType().Name} is "
        + "called with a tensor, not with indices.")).Call(index);

    private protected override bool IsClosed => true;

    /// <inheritdoc/>
    protected override string Describe() => $"{convention}, {layer.GetType().Name}({layer.About})";

    /// <summary>y = layer(x; w / sigma).</summary>
    protected override Tensor Forward(Tensor x) => layer.Call(x);

    /// <summary>Calls a function while the spectral norms inside a module are frozen: for extra passes, and for looking at a network
    /// without changing it.</summary>
    public static T Frozen<T>(Module module, Func<T> body)
    {
        Freeze(module);
        try
        {
            return body();
        }
        finally
        {
            module.ForEach(static m => { if (m is SpectralNorm s) s.frozen--; });
        }
    }

    /// <summary>Freezes the spectral norms inside a module for good.</summary>
    internal static void Freeze(Module module) => module.ForEach(static m => { if (m is SpectralNorm s) s.frozen++; });

    /// <summary>
    /// Calls a function in which a module is called several times before a gradient is taken. Under
    /// <see cref="SpectralNormConvention.Heykeetae"/> the gradients of all these passes then treat the u and v of the last one as the
    /// constants, each with its own sigma, because heykeetae's code overwrites the vectors that the tape of PyTorch has saved. Otherwise
    /// each pass has its own. Where the backward pass is itself recorded (createGraph), sigma is that of the last vectors too.
    /// </summary>
    public static T Together<T>(Module module, Func<T> body)
    {
        module.ForEach(static m => (m as SpectralNorm)?.CallTogether(true));
        try
        {
            return body();
        }
        finally
        {
            module.ForEach(static m => (m as SpectralNorm)?.CallTogether(false));
        }
    }

    void CallTogether(bool begin)
    {
        together = begin && convention == SpectralNormConvention.Heykeetae;
        foreach ((Storage a, Storage b) in earlier)
        {
            a.Release();
            b.Release();
        }
        earlier.Clear();
    }

    /// <summary>v = l2n(W^T u), for the files that keep u alone. Nothing to do where v is not kept.</summary>
    internal void DeriveV()
    {
        if (v != null) Step.Run(() => v.Assign(Ops.PowerIteration(weight, u, v, spec with { Iterations = 1 }).V));
    }

    /// <summary>v from W and u, for files that keep neither v nor a rule for it. Nothing to do where v is not kept.</summary>
    /// <param name="solve">From W, row-major, with a row for each component of u, and u to v; null: v as <see cref="DeriveV"/> has
    /// it.</param>
    internal void SolveV(Func<float[], float[], float[]?> solve)
    {
        if (v == null) return;
        (int rows, int columns, float[] w, float[] left) = (u.Value.Count, v.Value.Count, weight.Value.ToArray(), u.Value.ToArray());
        if (spec.Transpose)
        {
            float[] stored = w;
            w = new float[stored.Length];
            for (int i = 0; i < rows; i++)
                for (int j = 0; j < columns; j++) w[i * columns + j] = stored[j * rows + i];
        }
        if (solve(w, left) is { } solved) v.Assign(solved);
        else DeriveV();
    }

    NormalizedWeight Triplet()
    {
        bool moves = !IsFrozen && (IsTraining || convention == SpectralNormConvention.Heykeetae);
        (Tensor newU, Tensor newV, Tensor sigma) = Ops.PowerIteration(weight, u, v!, moves ? spec : spec with { Iterations = 0 });
        if (moves)
        {
            u.Assign(newU);
            v!.Assign(newV);
        }
        if (together && moves) Overwrite(newU, newV);
        return new NormalizedWeight(weight, new SingularTriplet(newU, newV, sigma, spec));
    }

    // The values alone, not the version: for the tape they are what it has saved.
    void Overwrite(Tensor newU, Tensor newV)
    {
        foreach ((Storage a, Storage b) in earlier)
        {
            weight.Value.Backend.Copy(newU.Storage, a, newU.Count);
            weight.Value.Backend.Copy(newV.Storage, b, newV.Count);
        }
        newU.Storage.AddReference();
        newV.Storage.AddReference();
        earlier.Add((newU.Storage, newV.Storage));
    }

    // A frozen pass computes the step too, and forgets it.
    NormalizedWeight Differentiated()
    {
        (Tensor w, Tensor newU, _) = Ops.NormalizedByPowerIteration(weight, u.Value, spec);
        if (!IsFrozen) u.Assign(newU);
        return new NormalizedWeight(w);
    }

    // u lies along W's rows, v along its columns. Where these are pixels or a convolution's (K, K, channels), files hold them with the
    // channels first.
    Parameter Vector(string name, Initializer init, bool transpose)
    {
        bool first = name == "u" != transpose;
        int count = first ? spec.Rows : spec.Columns;
        Tensor value = convention == SpectralNormConvention.Official
            ? init.TruncatedNormal(new Shape(count)) : init.UnitVector(new Shape(count));
        Shape? pixels = PixelAxes(first, transpose);
        return new Parameter($"weight_{name}", value, trainable: false)
        {
            IsUnitVector = true,
            SavedView = pixels,
            SavedOrder = pixels == null ? null : [2, 0, 1],
        };
    }

    Shape? PixelAxes(bool first, bool transpose)
    {
        if (weight.SavedView is { Rank: 4 } view)
        {
            // A linear layer to pixels, view [h, w, c, in], or from them, [out, h, w, c].
            bool rows = view[-1] == spec.Columns;
            return rows != first ? null : rows ? new Shape(view[0], view[1], view[2]) : new Shape(view[1], view[2], view[3]);
        }
        Shape w = weight.Shape;
        return !first && w.Rank == 4 && !transpose ? new Shape(w[1], w[2], w[3]) : null;
    }
}
