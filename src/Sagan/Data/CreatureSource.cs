using Sagan.Native.Data.Images;

namespace Sagan.Native.Data;

/// <summary>The built-in set: <see cref="Creature"/>s drawn at the size that is asked for, labelled by the shape of their ears.</summary>
sealed class CreatureSource : ImageSource
{
    readonly int count, size;
    readonly ulong seed;

    public CreatureSource(DatasetOptions options)
    {
        if (options.Size < Creature.SmallestSize)
        {
            throw new DataException(Dataset.Creatures, $"creatures need a size of at least {Creature.SmallestSize}, not {options.Size}");
        }
        (count, size, seed) = (options.CreatureCount, options.Size, options.CreatureSeed);
    }

    public override string Kind => "built-in figures";

    public override int Count => count;

    public override IReadOnlyList<string> Classes { get; } = ["round ears", "pointed ears", "long ears"];

    public override string Name(int index) => $"creature {index} of seed {seed}";

    public override int Label(int index) => (int)Creature.FromSeed(seed, index).Ears;

    public override Image Read(int index) => Creature.FromSeed(seed, index).Draw(size);
}
