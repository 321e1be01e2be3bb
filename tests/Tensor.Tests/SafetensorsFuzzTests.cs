using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using Sagan.Native.IO;

namespace Sagan.Native.Tests;

/// <summary>
/// Truncated, bit-flipped and hostile files, made from a fixed seed. Each is either read in full or rejected with a
/// <see cref="SafetensorsException"/>; no other exception, no hang, and no allocation out of proportion to the file.
/// </summary>
public sealed class SafetensorsFuzzTests
{
    static byte[] Seed()
    {
        SafetensorsWriter w = new();
        w.Metadata["format"] = "pt";
        w.Metadata["config"] = "{\"size\": 64}";
        w.Add("l1.weight", new Shape(2, 3, 1, 1), [1f, 2, 3, 4, 5, 6]);
        w.Add("l1.bias", new Shape(2), [0.5f, -0.5f]);
        w.Add("n", new Shape(), [12L]);
        w.Add("mask", new Shape(3), [true, false, true]);
        w.Add("half", new Shape(2, 1), [(Half)1, (Half)2]);
        w.Add("empty", new Shape(0, 4), Array.Empty<int>());
        using MemoryStream s = new();
        w.Write(s);
        return s.ToArray();
    }

    /// <summary>Opens the file and reads all of it. Returns whether it was accepted.</summary>
    static bool Check(byte[] file, string what)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        long started = Stopwatch.GetTimestamp();
        bool accepted;
        try
        {
            using SafetensorsReader r = new(new MemoryStream(file), "fuzz");
            Allocated("opening", 20);
            long total = 0;
            foreach (SafetensorsEntry e in r.Entries)
            {
                total += r.ReadBytes(e.Name).Length;
                Assert.Equal(e.Count, r.Read<double>(e.Name).Length);
            }
            Assert.InRange(total, 0, file.Length);
            accepted = true;
        }
        catch (SafetensorsException e)
        {
            Assert.NotEqual(SafetensorsRule.None, e.Rule);
            Assert.InRange(e.Message.Length, 20, 3000);
            Assert.True(e.Message.All(c => !char.IsControl(c)), $"{what}: control characters in {e.Message}");
            accepted = false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{what}: {e.GetType().Name} instead of SafetensorsException", e);
        }
        Allocated("reading", 40);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5), $"{what}: slow");
        return accepted;

        // An exception with its message and trace costs some 10 kB. Measured: opening takes up to 17 times the header's bytes (20,000
        // tensors of no data).
        void Allocated(string doing, int factor)
        {
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < 50_000 + (long)factor * file.Length,
                $"{what}: {doing} allocated {allocated} bytes for a file of {file.Length}");
        }
    }

    [Fact]
    public void Every_truncation_is_rejected()
    {
        byte[] file = Seed();
        Assert.True(Check(file, "whole"));
        for (int n = 0; n < file.Length; n++) Assert.False(Check(file[..n], $"first {n} bytes"));
        Assert.False(Check([.. file, 0], "one byte more"));
    }

    [Fact]
    public void Every_bit_flip_is_read_or_rejected()
    {
        byte[] file = Seed();
        int accepted = 0;
        for (int bit = 0; bit < 8 * file.Length; bit++)
        {
            file[bit / 8] ^= (byte)(1 << bit % 8);
            if (Check(file, $"bit {bit}")) accepted++;
            file[bit / 8] ^= (byte)(1 << bit % 8);
        }
        // Flips inside the data, names and metadata stay a valid file; flips of structure do not.
        Assert.InRange(accepted, 8 * 50, 8 * file.Length / 2);
    }

    [Fact]
    public void Random_damage_is_read_or_rejected()
    {
        byte[] seed = Seed();
        for (int i = 0; i < 6000; i++)
        {
            Random random = new(i);
            List<byte> file = [.. seed];
            for (int edits = random.Next(1, 6); edits > 0; edits--)
            {
                int at = random.Next(file.Count);
                int length = Math.Min(random.Next(1, 20), file.Count - at);
                switch (random.Next(4))
                {
                    case 0: file[at] = (byte)random.Next(256); break;
                    case 1: file.RemoveRange(at, length); break;
                    case 2: file.InsertRange(at, file.GetRange(random.Next(file.Count - length + 1), length)); break;
                    default: file.Insert(at, (byte)"{}[]\",:0123456789-.eE\\u\0"[random.Next(22)]); break;
                }
                if (file.Count == 0) break;
            }
            byte[] bytes = [.. file];
            // Half of the cases get past the length, so that the damage reaches the JSON parser.
            if (random.Next(2) == 0 && bytes.Length > 8) BinaryPrimitives.WriteUInt64LittleEndian(bytes,
                (ulong)random.Next(bytes.Length - 7));
            Check(bytes, $"seed {i}");
        }
    }

    /// <summary>JSON of the right kind with hostile values in it.</summary>
    [Fact]
    public void Hostile_headers_are_read_or_rejected()
    {
        string[] numbers = ["0", "1", "2", "8", "-1", "1.5", "1e9", "1e999", "4294967295", "4294967296", "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615", "18446744073709551616", "99999999999999999999999999", "null", "true", "\"8\"", "[]", "{}"];
        string[] dtypes = ["F32", "F64", "U8", "BOOL", "BF16", "F16", "I32", "I64", "F4", "C64", "", "f32", "\\u0046\\u0033\\u0032",
            "F32\\u0000", "\\ud83d"];
        string[] names = ["a", "b", "", "__metadata__", "\\u0000", "\\ud800", "\\u0061", "a\\\"b", new string('x', 500),
            "../../etc/passwd"];
        int accepted = 0;
        for (int i = 0; i < 6000; i++)
        {
            Random random = new(i);
            string Pick(string[] from) => from[random.Next(from.Length)];
            string List(int most) => $"[{string.Join(',', Enumerable.Range(0, random.Next(most + 1)).Select(_ => Pick(numbers)))}]";
            StringBuilder json = new("{");
            long end = 0;
            for (int t = random.Next(4); t >= 0; t--)
            {
                // Some tensors are right, so that checks behind the first one are reached.
                bool good = random.Next(3) > 0;
                int n = random.Next(4);
                string shape = good ? $"[{n}]" : List(6), offsets = good ? $"[{end},{end + n}]" : List(3);
                if (good) end += n;
                string name = good ? $"t{t}" : Pick(names), dtype = good ? "U8" : Pick(dtypes);
                json.Append($"\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}},");
            }
            json.Length--;
            json.Append(random.Next(8) == 0 ? "" : "}").Append(random.Next(8) == 0 ? "\0" : "");
            byte[] header = Encoding.UTF8.GetBytes(json.ToString());
            byte[] file = new byte[8 + header.Length + end];
            BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
            header.CopyTo(file, 8);
            if (Check(file, $"seed {i}: {json}")) accepted++;
        }
        Assert.InRange(accepted, 500, 5000);
    }

    /// <summary>Large headers made to cost much: deep nesting, very many tensors, very long lists.</summary>
    [Fact]
    public void Large_hostile_headers_cost_in_proportion()
    {
        static byte[] File(string json)
        {
            byte[] header = Encoding.UTF8.GetBytes(json), file = new byte[8 + header.Length];
            BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
            header.CopyTo(file, 8);
            return file;
        }
        Assert.False(Check(File(new string('[', 1_000_000)), "brackets"));
        Assert.False(Check(File("{\"a\":{\"x\":" + new string('[', 1_000_000)), "brackets inside"));
        Assert.False(Check(File("{\"" + new string('x', 1_000_000) + "\":1}"), "name"));

        string ones = string.Join(',', Enumerable.Repeat("1", 1_000_000));
        Assert.False(Check(File($"{{\"a\":{{\"dtype\":\"U8\",\"shape\":[{ones}],\"data_offsets\":[0,1]}}}}"), "axes"));

        static string Empty(string name) => $"\"{name}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";
        Assert.True(Check(File($"{{{string.Join(',', Enumerable.Range(0, 20_000).Select(i => Empty($"{i}")))}}}"), "tensors"));
        Assert.False(Check(File($"{{{string.Join(',', Enumerable.Repeat(Empty("a"), 20_000))}}}"), "same name"));
    }
}
