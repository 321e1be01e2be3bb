using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Sagan.Native.Interchange;

/// <summary>
/// Writes a message of protocol buffers field by field: varint(number * 8 + type), then the value. Fields are written as given, also those
/// of value 0: whether one is left out is the caller's to say. Source: protobuf.dev, "Encoding".
/// </summary>
sealed class ProtobufWriter
{
    const int VarintType = 0, Fixed64Type = 1, BytesType = 2, Fixed32Type = 5;

    readonly ArrayBufferWriter<byte> bytes = new();

    /// <summary>The message so far.</summary>
    public ReadOnlySpan<byte> Written => bytes.WrittenSpan;

    /// <summary>int64 or an enum; a negative number takes ten bytes.</summary>
    public void Integer(int field, long value)
    {
        Tag(field, VarintType);
        Varint((ulong)value);
    }

    public void Float(int field, float value)
    {
        Tag(field, Fixed32Type);
        BinaryPrimitives.WriteSingleLittleEndian(bytes.GetSpan(4), value);
        bytes.Advance(4);
    }

    public void Double(int field, double value)
    {
        Tag(field, Fixed64Type);
        Fixed64(value);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, BytesType);
        Varint((ulong)value.Length);
        bytes.Write(value);
    }

    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>A message within the message.</summary>
    public void Message(int field, Action<ProtobufWriter> write)
    {
        ProtobufWriter inner = new();
        write(inner);
        Bytes(field, inner.Written);
    }

    /// <summary>A packed repeated double.</summary>
    public void Doubles(int field, ReadOnlySpan<double> values)
    {
        Tag(field, BytesType);
        Varint(8 * (ulong)values.Length);
        foreach (double x in values) Fixed64(x);
    }

    void Tag(int field, int type) => Varint((ulong)(field * 8 + type));

    void Fixed64(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.GetSpan(8), value);
        bytes.Advance(8);
    }

    void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7) Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    void Byte(byte value)
    {
        bytes.GetSpan(1)[0] = value;
        bytes.Advance(1);
    }
}
