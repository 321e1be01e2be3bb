using System.Collections.Frozen;

namespace Sagan.Native.Interchange.Pickle;

// What a pickle builds. None is null; True, False, integers, floats and text are bool, long (BigInteger where it does not fit), double and
// string.

/// <summary>A name of Python: a function or a class.</summary>
sealed record PickleGlobal(string Module, string Name)
{
    public static PickleGlobal OrderedDict { get; } = new("collections", "OrderedDict");

    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A tuple.</summary>
sealed record PickleTuple(object?[] Items);

/// <summary>A list. It may contain itself.</summary>
sealed class PickleList
{
    public List<object?> Items { get; } = [];
}

/// <summary>
/// A dict or an OrderedDict, in the order in which it was filled. It may contain itself, and name a key twice; the last one counts.
/// </summary>
sealed class PickleDict
{
    public List<(object? Key, object? Value)> Items { get; } = [];
}

/// <summary>A call that the pickle wants made. Nothing is called: whoever reads the values knows what the allowed names mean.</summary>
sealed record PickleCall(PickleGlobal Function, PickleTuple Arguments);

/// <summary>Something that lies outside the pickle, by its identifier.</summary>
sealed record PicklePersistent(object? Id);

/// <summary>An object as a pickle has it.</summary>
/// <param name="Root">The object.</param>
/// <param name="Persistents">Everything that it refers to outside, in the order of the file.</param>
sealed record PickleDocument(object? Root, IReadOnlyList<PicklePersistent> Persistents);

/// <summary>The names that a pickle may mention.</summary>
sealed class PickleAllowList(params IEnumerable<PickleGlobal> names)
{
    readonly FrozenDictionary<(string, string), PickleGlobal> names = names.ToFrozenDictionary(g => (g.Module, g.Name));

    public PickleGlobal? Find(string module, string name) => names.GetValueOrDefault((module, name));
}
