using Sagan.Native.Modules;

namespace Sagan.Native.Models;

/// <summary>
/// The layers of a network on the way between its smallest feature map and its image, in the order in which they are computed. In a
/// network that grows there is a head beside them for each smaller size r of an image: to_rgb, a feature map of size r to an image, or
/// from_rgb, the reverse. With alpha, the weight of the newest size r, and h_r the feature map of size r (h_r of the full size is the
/// image itself, which the last layer makes or the first one reads):
/// <code>generator:      y = (1 - alpha) up(to_rgb_r/2(h_r/2)) + alpha to_rgb_r(layers(h_r/2)),   then up to the full size
/// discriminator:  h_r/2 = (1 - alpha) from_rgb_r/2(down(x_r)) + alpha layers(from_rgb_r(x_r)),   x_r = down(... x), then the other layers
/// real images:    x = (1 - alpha) up(down(x_r)) + alpha x_r,   then up to the full size</code>
/// up gives each pixel twice both ways, down is the mean of 2 x 2. So all that sees an image sees the full size. Layers for larger sizes,
/// and heads that are not in the formula, are not computed: they are inactive.
/// Source: Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", section 2 and figure 2.
/// </summary>
/// <param name="model">Its full size, and the first one, GrowFrom, where it grows.</param>
/// <param name="up">Whether it makes images; else it reads them.</param>
sealed class GrowingLayers(ModelConfig model, bool up)
{
    readonly List<Module> layers = [];
    readonly List<Head> heads = [];
    HashSet<Parameter>? inactive;
    IReadOnlyList<Parameter>? live;

    // The feature map of this size lies between layers number Place - 1 and Place.
    readonly record struct Head(int Size, int Place, Module Module);

    /// <summary>All layers of the full size.</summary>
    public IReadOnlyList<Module> All => layers;

    /// <summary>How far the network has grown; at first it is complete.</summary>
    public Growth Growth
    {
        get;
        set
        {
            bool known = value.Size == model.Size || HasHead(value.Size), fades = value.Alpha < 1;
            if (!known || !(value.Alpha is > 0 and <= 1) || (fades && !HasHead(value.Size / 2)))
                throw new ArgumentException($"growth: size {value.Size} at weight {value.Alpha} is no stage of a network of "
                    + $"{model.Size}x{model.Size} that grows from {model.GrowFrom}.", nameof(value));
            if (value.Size != field.Size || fades != field.Alpha < 1) (inactive, live) = (null, null);
            field = value;
        }
    } = new(model.Size, 1);

    /// <summary>True when the network is as it would be without growing.</summary>
    public bool IsComplete => Growth.Size == model.Size && Growth.Alpha == 1;

    /// <summary>Adds the next layer.</summary>
    public void Add(Module layer) => layers.Add(layer);

    /// <summary>Whether the feature map that was just completed, of this size, is to have a head.</summary>
    public bool WantsHead(int size) => model.GrowFrom > 0 && size >= model.GrowFrom && size < model.Size && !HasHead(size);

    /// <summary>Adds it.</summary>
    public void AddHead(int size, Module head) => heads.Add(new Head(size, layers.Count, head));

    /// <summary>True unless the parameter or buffer belongs to what is inactive.</summary>
    public bool IsLive(Parameter p) => !(inactive ??= [.. Inactive().SelectMany(m => m.State()).Select(s => s.Parameter)]).Contains(p);

    /// <summary>The live ones among the parameters that training moves, which are all of the network unless others are given, in their
    /// order.</summary>
    public IReadOnlyList<Parameter> Live(Module network, IReadOnlyList<Parameter>? trained = null) =>
        live ??= [.. (trained ?? network.Parameters).Where(IsLive)];

    /// <summary>The generator's image of the full size.</summary>
    /// <param name="h">What the first layer gets.</param>
    /// <param name="condition">What all layers get beside it.</param>
    /// <param name="chain">Applies layers one after the other, where not all get the same.</param>
    public Tensor Image(Tensor h, Condition? condition, Func<Tensor, IEnumerable<Module>, Tensor>? chain = null)
    {
        if (IsComplete) return Chain(h, layers);
        Tensor? before = null;
        int place = 0;
        if (Growth.Alpha < 1)
        {
            Head half = HeadOf(Growth.Size / 2);
            h = Chain(h, layers[..half.Place]);
            (before, place) = (Ops.Upsample2x(half.Module.Call(h)), half.Place);
        }
        Tensor image;
        if (Growth.Size == model.Size) image = Chain(h, layers[place..]);
        else
        {
            Head head = HeadOf(Growth.Size);
            image = head.Module.Call(Chain(h, layers[place..head.Place]));
        }
        return Enlarged(before == null ? image : Mix(before, image));

        Tensor Chain(Tensor x, IEnumerable<Module> part) => chain == null ? Conditional.Chain(x, condition, part) : chain(x, part);
    }

    /// <summary>The discriminator's last feature map, of images of the full size.</summary>
    public Tensor Features(Tensor image, Condition? condition)
    {
        if (IsComplete) return Conditional.Chain(image, condition, layers);
        Tensor x = Reduced(image), h = x;
        int place = 0;
        if (Growth.Size < model.Size)
        {
            Head head = HeadOf(Growth.Size);
            (h, place) = (head.Module.Call(x), head.Place);
        }
        if (Growth.Alpha < 1)
        {
            Head half = HeadOf(Growth.Size / 2);
            h = Mix(half.Module.Call(Ops.AvgPool2x2(x)), Conditional.Chain(h, condition, layers[place..half.Place]));
            place = half.Place;
        }
        return Conditional.Chain(h, condition, layers[place..]);
    }

    /// <summary>Real images with the detail that a generator of this growth can show.</summary>
    public Tensor Real(Tensor image)
    {
        if (IsComplete) return image;
        Tensor x = Reduced(image);
        return Enlarged(Growth.Alpha < 1 ? Mix(Ops.Upsample2x(Ops.AvgPool2x2(x)), x) : x);
    }

    IEnumerable<Module> Inactive()
    {
        int place = Growth.Size < model.Size ? HeadOf(Growth.Size).Place : up ? layers.Count : 0;
        IEnumerable<Module> unused = heads.Where(h => h.Size != Growth.Size && !(Growth.Alpha < 1 && h.Size == Growth.Size / 2))
            .Select(h => h.Module);
        return unused.Concat(up ? layers[place..] : layers[..place]);
    }

    bool HasHead(int size) => heads.Any(h => h.Size == size);

    Head HeadOf(int size) => heads.Find(h => h.Size == size);

    Tensor Mix(Tensor before, Tensor now) => (1 - Growth.Alpha) * before + Growth.Alpha * now;

    Tensor Reduced(Tensor x)
    {
        for (int size = model.Size; size > Growth.Size; size /= 2) x = Ops.AvgPool2x2(x);
        return x;
    }

    Tensor Enlarged(Tensor x)
    {
        for (int size = Growth.Size; size < model.Size; size *= 2) x = Ops.Upsample2x(x);
        return x;
    }
}
