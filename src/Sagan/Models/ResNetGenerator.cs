using Sagan.Native.Kernels;
using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// The official SAGAN's generator, in StudioGAN's widths where the size is another one.
/// <code>linear  SN Linear                      ZDim -> b b width(b)               b x b
/// blockK  GeneratorBlock                                                        2b x 2b ... Size x Size
/// attnK   SelfAttention after the resolutions asked for
/// norm    BatchNorm without classes      ReLU
/// last    SN Conv2d k3                   width(Size) -> Channels   tanh   Size x Size
/// to_rgbR BatchNorm without classes, ReLU, SN Conv2d k1, width(R) -> Channels, tanh: of the smaller images R x R of a network that
/// grows</code>
/// With a shared embedding, e = embed[class] conditions every block, and with a hierarchical z = (z0, z1, ...) block k gets (e, zk) and
/// the first layer z0.
/// Sources: Zhang et al. 2019 and its code; Brock et al. 2019, appendix B.
/// </summary>
sealed class ResNetGenerator : Generator
{
    readonly Module linear;
    readonly Embedding? shared;
    readonly Parameter? oneHot;
    readonly int piece, first;

    public ResNetGenerator(ModelConfig model, Initializer init) : base(model)
    {
        Layers make = new(model, init, model.GSpectralNorm);
        IReadOnlyList<FeatureMap> maps = NetworkPlan.Generator(model);
        first = NetworkPlan.ResNet(model).First;
        piece = model.HierarchicalZ ? model.ZDim / (maps.Count + 1) : model.ZDim;
        int vector = (model.SharedEmbedding > 0 ? model.SharedEmbedding : model.Classes) + (model.HierarchicalZ ? piece : 0);

        linear = Child("linear", make.Normalized(Linear.ToPixels(piece, model.Bottom, first, init)));
        if (model.SharedEmbedding > 0) shared = Child("shared", new Embedding(model.Classes, model.SharedEmbedding, init));
        else if (model is { Conditional: true, ConditionalNorm: ConditionalNormKind.Linear }) oneHot =
            Constant(new Parameter("one_hot", Identity(model.Classes, init.Device), trainable: false));
        int inputs = first, i = 0;
        foreach (FeatureMap map in maps)
        {
            Body.Add(Child($"block{++i}", new GeneratorBlock(inputs, map.Channels, make, vector)));
            if (make.Attention(map, model.GAttention) is var (name, block)) Body.Add(Child(name, block));
            AddHead(map.Size, () => new Sequential(make.PlainNorm(map.Channels, Activation.Relu), ToPixels(map.Channels, 1)));
            inputs = map.Channels;
        }
        Body.Add(Child("norm", make.PlainNorm(inputs, Activation.Relu)));
        Body.Add(Child("last", ToPixels(inputs, 3)));

        Module ToPixels(int channels, int kernel) =>
            make.Conv(channels, model.Channels, kernel, Activation.Tanh, normalize: model.OutputSpectralNorm);
    }

    private protected override Tensor Make(Tensor z, Condition? condition)
    {
        Tensor h = linear.Call(Piece(z, 0)).Reshape(-1, Model.Bottom, Model.Bottom, first);
        Tensor? vector = shared != null
            ? condition!.Rows(shared.Call) : oneHot != null ? condition!.Rows(labels => Ops.Gather(oneHot, labels)) : null;
        int k = 0;
        return Body.Image(h, vector == null ? condition : condition!.With(vector), Model.HierarchicalZ ? Pieces : null);

        Tensor Pieces(Tensor x, IEnumerable<Module> layers) =>
            layers.Aggregate(x, (y, m) => m.Call(y, m is GeneratorBlock ? condition!.With(Ops.Concat(vector!, Piece(z, ++k), 1))
                : condition));
    }

    Tensor Piece(Tensor z, int k) => Model.HierarchicalZ ? Ops.Slice(z, 1, k * piece, piece) : z;

    static Tensor Identity(int n, Device device)
    {
        float[] eye = new float[n * n];
        for (int i = 0; i < n; i++) eye[i * n + i] = 1;
        return Tensor.From(eye, new Shape(n, n), device);
    }
}
