using System.Globalization;
using Sagan.Native.Interchange.Pickle;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Torch;

/// <summary>A dict of a file that holds tensors under names.</summary>
/// <param name="Path">The keys that lead to it, with dots between; empty for the whole file.</param>
/// <param name="IsNamed">Whether all those keys are names: the moments of an optimiser lie under numbers.</param>
/// <param name="Tensors">Its tensors.</param>
sealed record TorchStateDict(string Path, bool IsNamed, IReadOnlyList<(string Name, TorchTensor Tensor)> Tensors)
{
    const int Deepest = 64, LongestPath = 256;

    /// <summary>
    /// All dicts with tensors below an object, in the order of the file. Each dict and list is looked at once, however often it occurs.
    /// </summary>
    public static IReadOnlyList<TorchStateDict> All(object? root, string file)
    {
        TorchObjects objects = new(file);
        if (objects.Tensor(root) != null)
            throw new InterchangeException($"{file}: is a tensor, not a state dict: names for tensors are needed.");
        List<TorchStateDict> found = [];
        HashSet<object> seen = new(ReferenceEqualityComparer.Instance);
        Visit(root, "", true, 0);
        return found;

        void Visit(object? value, string path, bool named, int depth)
        {
            if (value is not (PickleDict or PickleList or PickleTuple) || !seen.Add(value)) return;
            if (depth > Deepest || path.Length > LongestPath)
                throw new InterchangeException($"{file}: is nested deeper than {Deepest} dicts and lists, which no state dict is.");
            if (value is PickleDict dict)
            {
                // Of two values under one key, Python keeps the last, in the place of the first.
                OrderedDictionary<string, TorchTensor> tensors = new(StringComparer.Ordinal);
                List<(string, object?, bool)> below = [];
                foreach ((object? key, object? item) in dict.Items)
                {
                    string name = key switch { string s => s, long n => n.ToString(CultureInfo.InvariantCulture), _ => "?" };
                    if (objects.Tensor(item) is not { } t) below.Add((name, item, key is string));
                    else if (key is string) tensors[name] = t;
                }
                if (tensors.Count > 0) found.Add(new TorchStateDict(path, named, [.. tensors.Select(t => (t.Key, t.Value))]));
                foreach ((string name, object? item, bool isText) in below) Visit(item, Join(path, name), named && isText, depth + 1);
                return;
            }
            IReadOnlyList<object?> items = value is PickleList list ? list.Items : ((PickleTuple)value).Items;
            for (int i = 0; i < items.Count; i++) Visit(items[i], Join(path, i.ToString(CultureInfo.InvariantCulture)), false, depth + 1);
        }

        static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
    }
}
