using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Sagan.Native.IO;

namespace Sagan.Native.Interchange.Pickle;

/// <summary>
/// Runs a pickle of protocol 2, Python's format for objects: a program for a machine with a stack and a memo. In Python it can call
/// anything; here it builds data only. A name outside the allow-list ends the reading, and a call becomes a <see cref="PickleCall"/> for
/// the caller to judge. Opcodes: Python's pickletools. Those of text protocols, and of protocol 3 and later, are refused: PyTorch writes
/// protocol 2.
/// </summary>
sealed class PickleReader
{
    /// <summary>A state dict takes some 20 values and 150 bytes for each tensor.</summary>
    const int MostValues = 1 << 21, MostBytes = 1 << 24, MostNameBytes = 256;

    static readonly UTF8Encoding utf8 = new(false, throwOnInvalidBytes: true);

    readonly Stream stream;
    readonly string file;
    readonly PickleAllowList allowed;
    readonly long start;
    readonly List<object?> stack = [];
    readonly Stack<int> marks = [];
    readonly Dictionary<uint, object?> memo = [];
    readonly List<PicklePersistent> persistents = [];
    int values;

    PickleReader(Stream stream, string file, PickleAllowList allowed) =>
        (this.stream, this.file, this.allowed, start) = (stream, file, allowed, stream.Position);

    /// <summary>
    /// The object of the pickle at the stream's position; the stream then stands behind it. Throws <see cref="InterchangeException"/> with
    /// the place.
    /// </summary>
    /// <param name="stream">A seekable stream.</param>
    /// <param name="file">What errors call it.</param>
    /// <param name="allowed">The names that may occur.</param>
    public static PickleDocument Read(Stream stream, string file, PickleAllowList allowed) => new PickleReader(stream, file, allowed).Run();

    PickleDocument Run()
    {
        while (true)
        {
            if (stream.Position - start > MostBytes)
                throw Error($"is longer than {MostBytes} bytes, which is more than any state dict needs");
            byte opcode = NextByte();
            if (opcode == '.')
            {
                object? result = Pop();
                return stack.Count == 0 ? new PickleDocument(result, persistents) : throw Error("ends with more than one object");
            }
            Execute(opcode);
        }
    }

    void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                byte version = NextByte();
                if (version is not (2 or 3)) throw Error($"has protocol {version}; save with PyTorch's default, protocol 2");
                break;
            case (byte)'N': Push(null); break;
            case 0x88: Push(true); break;
            case 0x89: Push(false); break;
            case (byte)'J': Push((long)BinaryPrimitives.ReadInt32LittleEndian(Next(4))); break;
            case (byte)'K': Push((long)NextByte()); break;
            case (byte)'M': Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Next(2))); break;
            case 0x8a: Push(Integer(Next(NextByte()))); break; // LONG1
            case (byte)'G': Push(BinaryPrimitives.ReadDoubleBigEndian(Next(8))); break;
            case (byte)'X': Push(Text(Length())); break; // BINUNICODE
            case (byte)'T': Push(Encoding.Latin1.GetString(Next(Length()))); break; // BINSTRING, text of Python 2
            case (byte)'U': Push(Encoding.Latin1.GetString(Next(NextByte()))); break; // SHORT_BINSTRING
            case (byte)'}': Push(new PickleDict()); break;
            case (byte)']': Push(new PickleList()); break;
            case (byte)')': Push(new PickleTuple([])); break;
            case 0x85: Push(new PickleTuple(Pop(1))); break;
            case 0x86: Push(new PickleTuple(Pop(2))); break;
            case 0x87: Push(new PickleTuple(Pop(3))); break;
            case (byte)'t': Push(new PickleTuple(PopToMark())); break;
            case (byte)'(': marks.Push(stack.Count); break;
            case (byte)'0': Pop(); break;
            case (byte)'a': Append(Pop(1)); break;
            case (byte)'e': Append(PopToMark()); break;
            case (byte)'s': SetItems(Pop(2)); break;
            case (byte)'u': SetItems(PopToMark()); break;
            case (byte)'q': Put(NextByte()); break;
            case (byte)'r': Put(BinaryPrimitives.ReadUInt32LittleEndian(Next(4))); break;
            case (byte)'h': Push(Get(NextByte())); break;
            case (byte)'j': Push(Get(BinaryPrimitives.ReadUInt32LittleEndian(Next(4)))); break;
            case (byte)'c': Push(Global(NextLine(), NextLine())); break;
            case (byte)'Q': Persistent(); break;
            case (byte)'R': Reduce(); break;
            case (byte)'b': Build(); break;
            default: throw Error($"has the opcode 0x{opcode:x2}, which a state dict of PyTorch has no need of");
        }
    }

    PickleGlobal Global(string module, string name) => allowed.Find(module, name) ?? throw new InterchangeException(
        $"{file}: its pickle wants {Shown(module)}.{Shown(name)}, which is refused: to unpickle is to call what the file names, so a "
            + "pickle can run any code, "
        + "and tensors need no more than OrderedDict and torch's tensor and storage types. "
        + "In Python, save the tensors alone: torch.save(model.state_dict(), path).");

    void Persistent()
    {
        PicklePersistent p = new(Pop());
        persistents.Add(p);
        Push(p);
    }

    void Reduce()
    {
        if (Pop() is not PickleTuple arguments || Pop() is not PickleGlobal function)
            throw Error("calls something that is not a function with a tuple");
        if (function != PickleGlobal.OrderedDict)
        {
            Push(new PickleCall(function, arguments));
            return;
        }
        PickleDict dict = new();
        // Python 2 gives the pairs as an argument.
        if (arguments.Items is [PickleList pairs])
            foreach (object? pair in pairs.Items)
            {
                object?[] item = pair switch { PickleTuple t => t.Items, PickleList l => [.. l.Items.Take(3)], _ => [] };
                if (item.Length != 2) throw Error("makes an OrderedDict of something else than pairs");
                Count(1);
                dict.Items.Add((item[0], item[1]));
            }
        else if (arguments.Items.Length != 0) throw Error("makes an OrderedDict of something else than pairs");
        Push(dict);
    }

    /// <summary>Attributes of a dict, such as the _metadata of a state dict: not needed.</summary>
    void Build()
    {
        Pop();
        if (Top() is not PickleDict) throw Error("sets attributes of something that is not a dict");
    }

    void Append(object?[] items)
    {
        if (Top() is not PickleList list) throw Error("appends to something that is not a list");
        list.Items.AddRange(items);
    }

    void SetItems(object?[] items)
    {
        if (Top() is not PickleDict dict) throw Error("sets items of something that is not a dict");
        if (items.Length % 2 != 0) throw Error("sets a key without a value");
        for (int i = 0; i < items.Length; i += 2) dict.Items.Add((items[i], items[i + 1]));
    }

    void Put(uint index)
    {
        Count(1);
        memo[index] = Top();
    }

    object? Get(uint index) => memo.TryGetValue(index, out object? value) ? value
        : throw Error($"gets {index} from its memo, which was not put there");

    void Push(object? value)
    {
        Count(1);
        stack.Add(value);
    }

    // What each value costs is bounded, so their number bounds the memory.
    void Count(int added)
    {
        values += added;
        if (values > MostValues) throw Error($"makes more than {MostValues} values, which is more than any state dict needs");
    }

    object? Top() => stack.Count > Floor ? stack[^1] : throw Error("takes from an empty stack");

    object? Pop()
    {
        object? top = Top();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    object?[] Pop(int count)
    {
        if (stack.Count - count < Floor) throw Error("takes from an empty stack");
        object?[] items = [.. stack[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        return items;
    }

    object?[] PopToMark()
    {
        if (marks.Count == 0) throw Error("looks for a mark that was not set");
        object?[] items = Pop(stack.Count - Floor);
        marks.Pop();
        return items;
    }

    int Floor => marks.TryPeek(out int height) ? height : 0;

    object Integer(byte[] littleEndian)
    {
        BigInteger value = new(littleEndian);
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    string Text(int length)
    {
        try
        {
            return utf8.GetString(Next(length));
        }
        catch (DecoderFallbackException e)
        {
            throw Error("has text that is not UTF-8", e);
        }
    }

    int Length()
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(Next(4));
        return length <= stream.Length - stream.Position && length <= MostBytes ? (int)length
            : throw Error($"has text of {length} bytes, more than are left");
    }

    string NextLine()
    {
        StringBuilder line = new();
        for (byte b = NextByte(); b != '\n'; b = NextByte())
        {
            if (line.Length == MostNameBytes) throw Error($"has a name of more than {MostNameBytes} bytes");
            line.Append((char)b);
        }
        return line.ToString();
    }

    byte NextByte()
    {
        int b = stream.ReadByte();
        return b >= 0 ? (byte)b : throw Ended();
    }

    // The caller has checked that so many can be there.
    byte[] Next(int count)
    {
        byte[] bytes = new byte[count];
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes : throw Ended();
    }

    static string Shown(string name) => SafetensorsHeader.Show(name);

    InterchangeException Ended() => Error("ends in the middle: the file is truncated or damaged");

    InterchangeException Error(string problem, Exception? inner = null) =>
        new($"{file}: its pickle {problem} (at byte {stream.Position - start} of the pickle).", inner);
}
