using Sagan.Native.Kernels;

namespace Sagan.Native.Modules;

/// <summary>Whose spectral normalisation: which matrix, which epsilon, and when u and v move.</summary>
public enum SpectralNormConvention
{
    /// <summary>
    /// torch.nn.utils.spectral_norm: rows are the output units (also of transposed convolutions), x / max(|x|, 1e-12), u and v move in training mode only.
    /// Keys: weight_orig, weight_u, weight_v.
    /// </summary>
    Torch,

    /// <summary>
    /// heykeetae/Self-Attention-GAN: rows are the weight's first axis, x / (|x| + 1e-12), u and v move at every call, in inference mode too.
    /// Keys: module.weight_bar, module.weight_u, module.weight_v.
    /// </summary>
    Heykeetae,
}

/// <summary>
/// A layer whose weight is divided by its largest singular value: y = layer(x; w / sigma), sigma = u^T W v from one step of power iteration at each call.
/// The gradient treats u and v of that call as constants. Source: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks".
/// </summary>
public sealed class SpectralNorm : Module
{
    readonly Module layer;
    readonly Parameter weight, u, v;
    readonly PowerIterationSpec spec;
    readonly SpectralNormConvention convention;
    int frozen;

    /// <param name="layer">A Linear, Conv2d, ConvTranspose2d or Embedding; used through this wrapper only from now on.</param>
    /// <param name="init">Gives u and v: random unit vectors.</param>
    /// <param name="convention">Whose conventions.</param>
    /// <param name="iterations">Steps of power iteration at each call.</param>
    /// <param name="epsilon">Guards the norms.</param>
    public SpectralNorm(Module layer, Initializer init, SpectralNormConvention convention = SpectralNormConvention.Torch, int iterations = 1, float epsilon = 1e-12f)
    {
        if (layer is not INormalizable target) throw new ArgumentException($"spectral_norm: a {layer.GetType().Name} has no weight to normalise.", nameof(layer));
        ArgumentOutOfRangeException.ThrowIfNegative(iterations);
        this.layer = layer;
        this.convention = convention;
        weight = target.Raw;
        Shape w = weight.Shape;
        bool torch = convention == SpectralNormConvention.Torch, transpose = torch && target.OutputsLast;
        int columns = transpose ? w[-1] : w.Count / w[0];
        spec = new PowerIterationSpec(w.Count / columns, columns, transpose, iterations, epsilon, torch ? NormEpsilon.Max : NormEpsilon.Add);
        (u, v) = (Vector("u", init, transpose), Vector("v", init, transpose));
        target.Normalize(Triplet);
        if (layer is Embedding e) Embedded = e;
    }

    /// <summary>The wrapped layer, where it is an embedding, which is called with indices.</summary>
    Embedding? Embedded { get; }

    /// <summary>While true, u and v stay as they are and sigma = u^T W v, whatever the convention and mode.</summary>
    public bool IsFrozen => frozen > 0;

    /// <summary>The largest singular value as of the last call.</summary>
    public float Sigma => Step.Run(() => Ops.PowerIteration(weight, u, v, spec with { Iterations = 0 }).Sigma.Item());

    /// <summary>The wrapped layer's parameters under the convention's names.</summary>
    public override IEnumerable<(string Name, Parameter Parameter)> State()
    {
        bool torch = convention == SpectralNormConvention.Torch;
        string prefix = torch ? "" : "module.";
        foreach ((string name, Parameter p) in layer.State())
            if (p != weight) yield return (prefix + name, p);
        if (torch) yield return ("weight_orig", weight);
        yield return (prefix + "weight_u", u);
        yield return (prefix + "weight_v", v);
        if (!torch) yield return (prefix + "weight_bar", weight);
    }

    /// <summary>Rows of the table for these indices: for a wrapped embedding.</summary>
    public Tensor Call(IndexTensor index) => (Embedded ?? throw new InvalidOperationException($"spectral_norm: a {layer.GetType().Name} is called with a tensor, not with indices.")).Call(index);

    private protected override bool IsClosed => true;

    protected override Tensor Forward(Tensor x) => layer.Call(x);

    /// <summary>Calls a function while the spectral norms inside a module are frozen: for extra passes, and for looking at a network without changing
    /// it.</summary>
    public static T Frozen<T>(Module module, Func<T> body)
    {
        module.Freeze(+1);
        try
        {
            return body();
        }
        finally
        {
            module.Freeze(-1);
        }
    }

    internal override void Freeze(int change) => frozen += change;

    /// <summary>v = l2n(W^T u), for the files that keep u alone.</summary>
    internal void DeriveV() => Step.Run(() => v.Assign(Ops.PowerIteration(weight, u, v, spec with { Iterations = 1 }).V));

    SingularTriplet Triplet()
    {
        bool moves = !IsFrozen && (IsTraining || convention == SpectralNormConvention.Heykeetae);
        (Tensor newU, Tensor newV, Tensor sigma) = Ops.PowerIteration(weight, u, v, moves ? spec : spec with { Iterations = 0 });
        if (moves)
        {
            u.Assign(newU);
            v.Assign(newV);
        }
        return new SingularTriplet(newU, newV, sigma, spec);
    }

    // u lies along W's rows, v along its columns. Where the columns are a convolution's (K, K, channels), files hold them as (channels, K, K).
    Parameter Vector(string name, Initializer init, bool transpose)
    {
        Shape w = weight.Shape;
        bool first = name == "u" != transpose;
        int count = first ? spec.Rows : spec.Columns;
        Tensor value = init.UnitVector(new Shape(count));
        bool reorder = !first && w.Rank == 4 && !transpose;
        return new Parameter($"weight_{name}", value, trainable: false)
        {
            IsUnitVector = true,
            SavedView = reorder ? new Shape(w[1], w[2], w[3]) : null,
            SavedOrder = reorder ? [2, 0, 1] : null,
        };
    }
}
