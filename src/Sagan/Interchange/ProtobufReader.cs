using System.Buffers.Binary;
using System.Text;

namespace Sagan.Native.Interchange;

/// <summary>
/// Takes a message of protocol buffers apart, field by field; nothing is copied. Every length is checked against what is left.
/// </summary>
/// <param name="message">The message's bytes.</param>
/// <param name="file">What errors call the file.</param>
sealed class ProtobufReader(ReadOnlyMemory<byte> message, string file)
{
    int at;

    /// <summary>The number of the present field.</summary>
    public int Field { get; private set; }

    /// <summary>Its value, where it is a number (a varint, or the bits of a fixed one).</summary>
    public ulong Number { get; private set; }

    /// <summary>Its bytes, where it is text, bytes, a message or packed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Its bytes as text.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes.Span);

    /// <summary>Its bytes as a message.</summary>
    public ProtobufReader Message => new(Bytes, file);

    /// <summary>Goes on to the next field; false at the end. Throws <see cref="InterchangeException"/> for what is no message.</summary>
    public bool Next()
    {
        if (at == message.Length) return false;
        ulong tag = Varint();
        Field = (int)Math.Min(tag >> 3, int.MaxValue);
        (Number, Bytes) = (tag & 7) switch
        {
            0 => (Varint(), default),
            1 => (BinaryPrimitives.ReadUInt64LittleEndian(Take(8).Span), default),
            2 => (0ul, Take(Varint())),
            5 => (BinaryPrimitives.ReadUInt32LittleEndian(Take(4).Span), default(ReadOnlyMemory<byte>)),
            _ => throw Error(),
        };
        return Field > 0 ? true : throw Error();
    }

    ReadOnlyMemory<byte> Take(ulong length)
    {
        if (length > (ulong)(message.Length - at)) throw Error();
        ReadOnlyMemory<byte> taken = message.Slice(at, (int)length);
        at += (int)length;
        return taken;
    }

    ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (at == message.Length) throw Error();
            byte b = message.Span[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw Error();
    }

    InterchangeException Error() =>
        new($"{file}: is damaged or of another format: byte {at} of a part of {message.Length} bytes "
            + "does not belong to a protocol buffer.");
}
