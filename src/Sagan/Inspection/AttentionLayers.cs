using Sagan.Native.Configuration;
using Sagan.Native.Models;
using Sagan.Native.Modules;

namespace Sagan.Native.Inspection;

/// <summary>The attention blocks of networks, by name.</summary>
public static class AttentionLayers
{
    /// <summary>Those of a generator, in the order in which they are computed, as <c>g.attn1</c>, ...; of one that grows, those that take
    /// part.</summary>
    public static IReadOnlyList<AttentionLayer> Of(Generator generator) =>
        Of("g", generator, NetworkPlan.Generator(generator.Model), generator.Model.GAttention, generator.IsLive);

    /// <summary>Those of a discriminator, as <c>d.attn1</c>, ...</summary>
    public static IReadOnlyList<AttentionLayer> Of(Discriminator discriminator) =>
        Of("d", discriminator, NetworkPlan.Discriminator(discriminator.Model), discriminator.Model.DAttention, discriminator.IsLive);

    /// <summary>The layer of a name.</summary>
    /// <exception cref="UsageException">There is none.</exception>
    public static AttentionLayer Find(IReadOnlyList<AttentionLayer> layers, string name)
    {
        if (layers.FirstOrDefault(l => string.Equals(l.Name, name, StringComparison.OrdinalIgnoreCase)) is { } found) return found;
        throw new UsageException(layers.Count == 0
            ? $"layer {name}: the networks have no attention; they were trained with model.gAttention=none and model.dAttention=none."
            : $"layer {name}: there is no such attention layer; there are {string.Join(", ", layers.Select(l => l.Name))}."
                + NearestName.Suggestion(name, layers.Select(l => l.Name)));
    }

    // The blocks are named in the order in which they are computed; of two maps of one size the first has the attention.
    static AttentionLayer[] Of(string network, Module module, IReadOnlyList<FeatureMap> maps, IReadOnlyList<int> sizes,
        Func<Parameter, bool> isLive) =>
        [.. module.Descendants().Where(m => m.Module is SelfAttention)
            .Zip(maps.Where(f => sizes.Contains(f.Size)).DistinctBy(f => f.Size))
            .Select(p => (p.First.Name, Map: p.Second, Block: (SelfAttention)p.First.Module))
            .Where(p => isLive(p.Block.Gamma))
            .Select(p => new AttentionLayer($"{network}.{p.Name}", p.Map.Size, p.Map.Channels, p.Block))];
}
