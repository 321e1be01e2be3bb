using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Inspection;

/// <summary>One attention block of a network: where it is, and what it is like.</summary>
public sealed class AttentionLayer
{
    internal AttentionLayer(string name, int size, int channels, SelfAttention block) =>
        (Name, Size, Channels, Block) = (name, size, channels, block);

    /// <summary>Network and order: <c>g.attn1</c> is the generator's first, <c>d.attn1</c> the discriminator's.</summary>
    public string Name { get; }

    /// <summary>Whether it is the generator's.</summary>
    public bool IsGenerator => Name.StartsWith('g');

    /// <summary>Height and width of its feature map: there are Size^2 queries.</summary>
    public int Size { get; }

    /// <summary>C of its feature map.</summary>
    public int Channels { get; }

    /// <summary>Number of heads.</summary>
    public int Heads => Block.Options.Heads;

    /// <summary>dk of one head.</summary>
    public int KeyWidth => Block.QueryWidth / Heads;

    /// <summary>How many keys each query reads from; 0 = all.</summary>
    public int TopK => Block.Options.TopK;

    /// <summary>The factors by which keys are pooled: a scale s has a grid of floor(Size / s)^2 keys, of s x s pixels each.</summary>
    public IReadOnlyList<int> Scales => Block.Scales;

    /// <summary>Number of keys, all scales together: M.</summary>
    public int Keys => Scales.Sum(s => Size / s * (Size / s));

    /// <summary>The weight of the attention branch.</summary>
    public float Gamma => Block.Gamma.Value.Item();

    /// <summary>Its form in words: <c>pooled, keys 8x8, 4 heads</c>.</summary>
    public string Form
    {
        get
        {
            AttentionOptions o = Block.Options;
            List<string> words = [Words.Of(o.Kind)];
            if (o.Similarity != AttentionSimilarity.EmbeddedGaussian) words.Add(Words.Of(o.Similarity));
            if (Scales is not [1]) words.Add($"keys {string.Join(" + ", Scales.Select(s => $"{Size / s}x{Size / s}"))}");
            if (Heads > 1) words.Add($"{Heads} heads");
            if (TopK > 0) words.Add($"top {TopK}");
            if (o.Channel) words.Add("channels weighed");
            if (Block is ClassAttention) words.Add("queries by class");
            return string.Join(", ", words);
        }
    }

    /// <summary>Why it has no map, or null where it has one: a map is a row of a softmax, and two similarities have none.</summary>
    public string? Problem => !Block.Options.Similarity.HasSoftmax()
        ? $"{Name}: attention with the similarity {Words.Of(Block.Options.Similarity)} has no softmax: what a query reads is no mean, its "
            + "weights may be negative, and there is no map; maps are of embedded-gaussian and gaussian"
        : null;

    internal SelfAttention Block { get; }

    /// <summary>Calls a function in which its network computes, and tells what this layer computed in it, the last time.</summary>
    internal (T Result, AttentionParts Parts) Watch<T>(Func<T> forward)
    {
        AttentionParts? seen = null;
        void Note(SelfAttention block, AttentionParts parts) => seen = parts;
        Block.Attended += Note;
        try
        {
            T result = forward();
            return (result, seen ?? throw new InvalidOperationException($"{Name} took no part in the pass."));
        }
        finally
        {
            Block.Attended -= Note;
        }
    }

    /// <summary>The pixel in the middle of a query's square, on an image of so many pixels a side.</summary>
    internal (int Row, int Column) Middle(int query, int imageSize)
    {
        int side = imageSize / Size;
        return (query / Size * side + side / 2, query % Size * side + side / 2);
    }

    /// <summary>Name, size and form: <c>g.attn1 16x16 (full)</c>.</summary>
    public override string ToString() => $"{Name} {Size}x{Size} ({Form})";
}
