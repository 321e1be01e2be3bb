using Sagan.Native.Interchange.Pickle;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Torch;

/// <summary>The bytes that tensors are views of.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="Dtype">Its elements.</param>
/// <param name="Count">How many.</param>
/// <param name="Begin">Its first element in what lies in the file under the key: storages of old files can be views of others.</param>
/// <param name="Whole">How many elements lie in the file under the key.</param>
sealed record TorchStorage(string Key, TensorDtype Dtype, long Count, long Begin, long Whole);

/// <summary>
/// A tensor as the pickle states it: element (i, j, ...) is element Offset + i Stride[0] + j Stride[1] + ... of its storage, which has it.
/// </summary>
sealed record TorchTensor(TorchStorage Storage, long Offset, long[] Shape, long[] Stride)
{
    /// <summary>True where the elements lie one after the other in the order of the indices.</summary>
    public bool IsContiguous
    {
        get
        {
            long expected = 1;
            for (int i = Shape.Length - 1; i >= 0; i--)
            {
                if (Shape[i] != 1 && Stride[i] != expected) return false;
                expected *= Shape[i];
            }
            return true;
        }
    }
}

/// <summary>What PyTorch's names mean: from the values of a pickle to tensors, every number checked.</summary>
/// <param name="file">What errors call the file.</param>
sealed class TorchObjects(string file)
{
    const int MaxRank = SafetensorsHeader.MaxRank;

    static readonly PickleGlobal rebuild = new("torch._utils", "_rebuild_tensor");
    static readonly PickleGlobal parameter = new("torch._utils", "_rebuild_parameter");

    static readonly Dictionary<PickleGlobal, TensorDtype> storages = new()
    {
        [new("torch", "FloatStorage")] = TensorDtype.F32,
        [new("torch", "DoubleStorage")] = TensorDtype.F64,
        [new("torch", "HalfStorage")] = TensorDtype.F16,
        [new("torch", "BFloat16Storage")] = TensorDtype.BF16,
        [new("torch", "LongStorage")] = TensorDtype.I64,
        [new("torch", "IntStorage")] = TensorDtype.I32,
        [new("torch", "ByteStorage")] = TensorDtype.U8,
        [new("torch", "BoolStorage")] = TensorDtype.Bool,
    };

    /// <summary>The function that makes a tensor, for writing.</summary>
    public static PickleGlobal RebuildTensor { get; } = new("torch._utils", "_rebuild_tensor_v2");

    /// <summary>The names that a file of tensors may mention.</summary>
    public static PickleAllowList Allowed { get; } = new([PickleGlobal.OrderedDict, RebuildTensor, rebuild, parameter, .. storages.Keys]);

    /// <summary>The name of a storage type, for writing.</summary>
    public static PickleGlobal StorageType(TensorDtype dtype) => storages.First(s => s.Value == dtype).Key;

    /// <summary>The tensor that this value is, or null for a value that is none.</summary>
    public TorchTensor? Tensor(object? value)
    {
        if (value is PickleCall { Function: var f, Arguments.Items: { Length: >= 1 } p } && f == parameter) value = p[0];
        if (value is not PickleCall { Function: var function, Arguments.Items: var a }) return null;
        // (storage, offset, size, stride) and, in the second version, requires_grad and hooks; metadata may follow.
        if (!(function == RebuildTensor ? a.Length is 6 or 7 : function == rebuild && a.Length == 4)
            || a[0] is not PicklePersistent { Id: var id } || a[1] is not long offset || Sizes(a[2]) is not { } shape
                || Sizes(a[3]) is not { } stride)
            throw Error($"calls {(function == parameter ? RebuildTensor : function)} with other arguments than a tensor's");
        TorchStorage s = Storage(id);
        if (shape.Length != stride.Length) throw Error($"has a tensor of {shape.Length} sizes and {stride.Length} strides");
        long count = Fits(shape, stride, offset, s);
        // A stride of 0 would make a large tensor of a small file.
        if (count > s.Count) throw Error($"has an expanded tensor, [{string.Join(", ", shape)}] of a storage of {s.Count} elements; save "
            + "it as contiguous()");
        return new TorchTensor(s, offset, shape, stride);
    }

    /// <summary>
    /// The storage of a persistent identifier: ('storage', type, key, location, count) and, in the old container, a view of it or None.
    /// </summary>
    public TorchStorage Storage(object? id)
    {
        if (id is not PickleTuple { Items: [string kind, PickleGlobal type, string key, _, long count, ..] items } || items.Length > 6)
            throw Error("refers to something that is not a storage");
        if (kind != "storage") throw Error($"refers to a '{SafetensorsHeader.Show(kind)}', not a storage: it holds a whole module; save "
            + "its state_dict()");
        if (!storages.TryGetValue(type, out TensorDtype dtype)) throw Error($"has a storage of type {type}");
        if (count < 0 || count > long.MaxValue / 8) throw Error($"has a storage of {count} elements");
        if (items.Length < 6 || items[5] == null) return new TorchStorage(key, dtype, count, 0, count);
        if (items[5] is not PickleTuple { Items: [_, long begin, long size] } || begin < 0 || size < 0 || size > count
            || begin > count - size)
            throw Error($"has a view that leaves its storage of {count} elements");
        return new TorchStorage(key, dtype, size, begin, count);
    }

    long[]? Sizes(object? value)
    {
        if (value is not PickleTuple { Items: var items }) return null;
        if (items.Length > MaxRank) throw Error($"has a tensor of {items.Length} axes, at most {MaxRank} are read");
        long[] sizes = new long[items.Length];
        for (int i = 0; i < sizes.Length; i++)
        {
            if (items[i] is not long n) return null;
            if (n < 0) throw Error($"has a tensor with the size or stride {n}");
            sizes[i] = n;
        }
        return sizes;
    }

    // The number of elements, all of which are in the storage.
    long Fits(long[] shape, long[] stride, long offset, TorchStorage s)
    {
        try
        {
            long count = shape.Aggregate(1L, (product, n) => checked(product * n)), last = offset;
            if (count > 0)
                for (int i = 0; i < shape.Length; i++) last = checked(last + (shape[i] - 1) * stride[i]);
            if (offset >= 0 && (count == 0 || last < s.Count)) return count;
        }
        catch (OverflowException)
        {
            // Further away than any storage reaches.
        }
        throw Error($"has a tensor [{string.Join(", ", shape)}] with strides [{string.Join(", ", stride)}] at {offset}, "
            + $"which leaves its storage of {s.Count} elements");
    }

    InterchangeException Error(string problem) => new($"{file}: {problem}.");
}
