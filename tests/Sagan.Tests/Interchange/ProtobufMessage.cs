using Google.Protobuf;

namespace Sagan.Native.Tests.Interchange;

/// <summary>A message taken apart by Google.Protobuf, which knows nothing of our writer: the values of every field, in order.</summary>
sealed class ProtobufMessage
{
    readonly List<(int Field, WireFormat.WireType Type, ulong Number, byte[] Bytes)> fields = [];

    public ProtobufMessage(byte[] bytes)
    {
        using CodedInputStream s = new(bytes);
        for (uint tag = s.ReadTag(); tag != 0; tag = s.ReadTag())
        {
            WireFormat.WireType type = WireFormat.GetTagWireType(tag);
            (ulong number, byte[] data) = type switch
            {
                WireFormat.WireType.Varint => (s.ReadUInt64(), []),
                WireFormat.WireType.Fixed64 => (s.ReadFixed64(), []),
                WireFormat.WireType.Fixed32 => (s.ReadFixed32(), []),
                WireFormat.WireType.LengthDelimited => (0ul, s.ReadBytes().ToByteArray()),
                _ => throw new InvalidOperationException($"wire type {type}"),
            };
            fields.Add((WireFormat.GetTagFieldNumber(tag), type, number, data));
        }
    }

    /// <summary>The numbers of its fields, in order.</summary>
    public IEnumerable<int> Fields => fields.Select(f => f.Field);

    public IEnumerable<byte[]> All(int field) => Of(field, WireFormat.WireType.LengthDelimited).Select(f => f.Bytes);

    public byte[] Bytes(int field) => All(field).Single();

    public string Text(int field) => System.Text.Encoding.UTF8.GetString(Bytes(field));

    public IEnumerable<ProtobufMessage> Messages(int field) => All(field).Select(b => new ProtobufMessage(b));

    public ProtobufMessage Message(int field) => Messages(field).Single();

    /// <summary>Integers of a field, each by itself or packed.</summary>
    public long[] Integers(int field)
    {
        List<long> values = [];
        foreach (var f in fields.Where(f => f.Field == field))
            if (f.Type == WireFormat.WireType.Varint) values.Add((long)f.Number);
            else
            {
                using CodedInputStream s = new(f.Bytes);
                while (!s.IsAtEnd) values.Add(s.ReadInt64());
            }
        return [.. values];
    }

    public long Integer(int field) => Integers(field).Single();

    public float Float(int field) => BitConverter.UInt32BitsToSingle((uint)Of(field, WireFormat.WireType.Fixed32).Single().Number);

    public double Double(int field) => BitConverter.UInt64BitsToDouble(Of(field, WireFormat.WireType.Fixed64).Single().Number);

    public double[] Doubles(int field)
    {
        List<double> values = [];
        using CodedInputStream s = new(Bytes(field));
        while (!s.IsAtEnd) values.Add(s.ReadDouble());
        return [.. values];
    }

    IEnumerable<(int Field, WireFormat.WireType Type, ulong Number, byte[] Bytes)> Of(int field, WireFormat.WireType type)
    {
        var found = fields.Where(f => f.Field == field);
        Assert.All(found, f => Assert.Equal(type, f.Type));
        return found;
    }
}
