using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sagan.Native.Interchange.Pickle;

/// <summary>
/// Writes a pickle of protocol 2 value by value; a tuple or call is written after its parts. What was written before comes from the memo.
/// </summary>
sealed class PickleWriter
{
    readonly ArrayBufferWriter<byte> bytes = new();
    readonly Dictionary<object, int> memo = [];

    public PickleWriter() => Op(0x80, 2);

    /// <summary>The pickle, whose one object was written.</summary>
    public byte[] Finish()
    {
        Op((byte)'.');
        return bytes.WrittenSpan.ToArray();
    }

    public void False() => Op(0x89);

    public void Mark() => Op((byte)'(');

    /// <summary>Makes a tuple of the values since the mark.</summary>
    public void Tuple() => Op((byte)'t');

    public void EmptyTuple() => Op((byte)')');

    /// <summary>Calls the function below the tuple on top of the stack.</summary>
    public void Reduce() => Op((byte)'R');

    /// <summary>Looks up the identifier on top of the stack.</summary>
    public void Persistent() => Op((byte)'Q');

    /// <summary>Puts the keys and values since the mark into the dict below it.</summary>
    public void SetItems() => Op((byte)'u');

    public void Integer(long value)
    {
        switch (value)
        {
            case >= 0 and <= byte.MaxValue:
                Op((byte)'K', (byte)value);
                break;
            case >= int.MinValue and <= int.MaxValue:
                Op((byte)'J');
                Span<byte> four = stackalloc byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(four, (int)value);
                bytes.Write(four);
                break;
            default:
                Op(0x8a, 8);
                Span<byte> eight = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(eight, value);
                bytes.Write(eight);
                break;
        }
    }

    /// <summary>Text that occurs once.</summary>
    public void Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Op((byte)'X');
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        bytes.Write(length);
        bytes.Write(utf8);
    }

    /// <summary>Text that occurs again and again.</summary>
    public void Word(string text) => Remembered(text, () => Text(text));

    public void Global(PickleGlobal name) => Remembered(name, () =>
    {
        Op((byte)'c');
        bytes.Write(Encoding.ASCII.GetBytes($"{name.Module}\n{name.Name}\n"));
    });

    public void Sizes(IReadOnlyCollection<long> sizes)
    {
        Mark();
        foreach (long n in sizes) Integer(n);
        Tuple();
    }

    void Remembered(object value, Action write)
    {
        if (memo.TryGetValue(value, out int index)) Op((byte)'h', (byte)index);
        else
        {
            write();
            Op((byte)'q', (byte)memo.Count);
            memo.Add(value, memo.Count);
        }
    }

    void Op(params ReadOnlySpan<byte> code) => bytes.Write(code);
}
