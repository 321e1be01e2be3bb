using System.Buffers.Binary;
using Sagan.Native.Data.Images;
using Sagan.Native.Tests.Interchange;
using Sagan.Native.Training.Logging;

namespace Sagan.Native.Tests.Logging;

[Quick]
public sealed class EventFileTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddSeconds(1.5);
    }

    byte[] Write(Action<EventFile> write, long? firstStep = null)
    {
        string path;
        using (EventFile file = new(folder.Path, new Clock(), firstStep))
        {
            path = file.Path;
            write(file);
        }
        return File.ReadAllBytes(path);
    }

    /// <summary>The events of a file, their lengths checked and their CRCs by a definition of their own: bit by bit.</summary>
    static List<ProtobufMessage> Events(byte[] file)
    {
        List<ProtobufMessage> events = [];
        for (int at = 0; at < file.Length;)
        {
            int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at)));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(Masked(file.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            events.Add(new ProtobufMessage(file[(at + 12)..(at + 12 + length)]));
            at += 16 + length;
        }
        return events;

        static uint Masked(ReadOnlySpan<byte> data)
        {
            uint crc = uint.MaxValue;
            foreach (byte b in data)
            {
                crc ^= b;
                for (int bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? 0x82F63B78 ^ (crc >> 1) : crc >> 1;
            }
            crc = ~crc;
            return unchecked(((crc >> 15) | (crc << 17)) + 0xA282EAD8);
        }
    }

    static ProtobufMessage Value(ProtobufMessage e) => e.Message(5).Message(1);

    /// <summary>The beginning is that of every real file; both records were also made by another writer of the format.</summary>
    [Fact]
    public void The_bytes_are_those_of_the_format() => Assert.Equal(
        "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"
        + "1c00000000000000c8c1951d09000000000000f83f10072a0f0a0d0a066c6f73732f64150000003f974c13e5",
        Convert.ToHexStringLower(Write(f => f.Scalar("loss/d", 0.5, 7))));

    [Fact]
    public void A_scalar_of_0_at_step_0_is_written_and_so_is_NaN()
    {
        List<ProtobufMessage> events = Events(Write(f =>
        {
            f.Scalar("zero", 0, 0);
            f.Scalar("nan", double.NaN, -1);
        }));
        Assert.Equal([1, 5], events[1].Fields);
        Assert.Equal([1, 2], Value(events[1]).Fields);
        Assert.Equal(0, Value(events[1]).Float(2));
        Assert.Equal(float.NaN, Value(events[2]).Float(2));
        Assert.Equal(-1, events[2].Integer(2));
        Assert.Equal(1.5, events[2].Double(1));
    }

    [Fact]
    public void A_histogram_counts_every_finite_value_once()
    {
        float[] values = [.. Enumerable.Range(0, 1000).Select(i => MathF.Sin(i) * 3), float.NaN, float.PositiveInfinity];
        List<ProtobufMessage> events = Events(Write(f => f.Histogram("w", values, 3)));
        Assert.Equal("w/not_finite", Value(events[1]).Text(1));
        Assert.Equal(2, Value(events[1]).Float(2));
        ProtobufMessage h = Value(events[2]).Message(5);
        double[] finite = [.. values.Where(float.IsFinite).Select(x => (double)x)], limits = h.Doubles(6), buckets = h.Doubles(7);
        Assert.Equal((finite.Min(), finite.Max(), 1000), (h.Double(1), h.Double(2), h.Double(3)));
        Assert.Equal(finite.Sum(), h.Double(4), 1e-9);
        Assert.Equal(finite.Sum(x => x * x), h.Double(5), 1e-9);
        Assert.Equal(limits.Length, buckets.Length);
        Assert.Equal(limits.Order(), limits);
        for (int i = 0; i < limits.Length; i++)
            Assert.Equal(finite.Count(x => x <= limits[i] && (i == 0 || x > limits[i - 1])), buckets[i]);
    }

    [Fact]
    public void Histograms_of_equal_of_few_and_of_no_finite_values()
    {
        List<ProtobufMessage> events = Events(Write(f =>
        {
            f.Histogram("equal", [2, 2, 2], 1);
            f.Histogram("two", [-1, 1], 1);
            f.Histogram("none", [float.NaN], 1);
            f.Histogram("empty", [], 1);
        }));
        Assert.Equal(4, events.Count);
        Assert.Equal([2], Value(events[1]).Message(5).Doubles(6));
        Assert.Equal([3], Value(events[1]).Message(5).Doubles(7));
        double[] two = Value(events[2]).Message(5).Doubles(7);
        Assert.Equal((1, 1, 2), (two[0], two[^1], two.Sum()));
        Assert.Equal("none/not_finite", Value(events[3]).Text(1));
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    public void An_image_states_its_size_and_colours(int channels, int colours)
    {
        byte[] png = ImageFile.EncodePng(new Image(5, 3, channels));
        ProtobufMessage image = Value(Events(Write(f => f.Image("samples", png, 9)))[1]).Message(4);
        Assert.Equal((3, 5, colours), (image.Integer(1), image.Integer(2), image.Integer(3)));
        Assert.Equal(png, image.Bytes(4));
        Assert.Throws<ArgumentException>(() => Write(f => f.Image("no", [1, 2, 3], 1)));
    }

    [Fact]
    public void Text_is_a_tensor_of_one_string_for_the_text_plugin()
    {
        ProtobufMessage v = Value(Events(Write(f => f.Text("config", "é")))[1]);
        Assert.Equal("config", v.Text(1));
        Assert.Equal((7, 1), (v.Message(8).Integer(1), v.Message(8).Message(2).Message(2).Integer(1)));
        Assert.Equal("é", v.Message(8).Text(8));
        Assert.Equal("text", v.Message(9).Message(1).Text(1));
    }

    [Fact]
    public void A_resumed_run_begins_a_file_of_its_own_that_purges_later_steps()
    {
        byte[] first = Write(f => f.Scalar("a", 1, 10)), second = Write(f => f.Scalar("a", 2, 8), firstStep: 8);
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
        Assert.All(Directory.GetFiles(folder.Path), f => Assert.StartsWith("events.out.tfevents.0000000001.", Path.GetFileName(f)));
        Assert.Equal(2, Events(first).Count);
        ProtobufMessage start = Events(second)[1];
        Assert.Equal((8, 1), (start.Integer(2), start.Message(7).Integer(1)));
    }
}
